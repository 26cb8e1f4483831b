import AudioDevices
import Synchronization

/// How loud answers are: by our own doing, or by the mixer of the output's card where a control of it is named.
///
/// A mixer may take long to answer, or never, so it is asked by a task of its own: `run`. Where the output changes, the
/// volume is ours until the new card's mixer has taken it, and stays ours if that has no such control: what is too soft for
/// a moment is mended, what is too loud was heard.
final class OutputVolume: Sendable {
    /// Sets a control of an output's mixer, linear.
    typealias MixerSetting = @Sendable (Double, _ output: DeviceSpec) async throws(DeviceError) -> Void

    private enum Keeper {
        case mixer
        /// The mixer is asked, and we keep the volume until it has taken it.
        case undecided
        case ours
    }

    private struct State {
        /// Nil until somebody wants any.
        var wanted: Double?
        var output: DeviceSpec
        var keeper: Keeper
    }

    private let state: Mutex<State>
    private let own: @Sendable (Float) -> Void
    private let mixer: MixerSetting?
    /// The mixer is to be set to what is wanted then.
    private let changes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameter own: sets ours, linear.
    /// - Throws: `.usage` for a control that the mixer has not, with those that it has, and for an output without one.
    convenience init(
        _ settings: Settings.Audio, on output: DeviceSpec, own: @escaping @Sendable (Float) -> Void
    ) throws(DeviceError) {
        guard let control = settings.mixer else {
            self.init(settings.volume, on: output, own: own, mixer: nil)
            return
        }
        let mixer = try Mixer(control: control)
        try mixer.check(on: output)
        self.init(settings.volume, on: output, own: own) { volume, output throws(DeviceError) in
            try await mixer.setVolume(volume, on: output)
        }
    }

    /// - Parameters:
    ///   - volume: linear, 0 … 1, to begin with; nil for all of ours, and for the mixer as it is.
    ///   - own: does not wait, and calls nobody back.
    ///   - mixer: sets that of an output; nil for ours.
    init(
        _ volume: Double?, on output: DeviceSpec, own: @escaping @Sendable (Float) -> Void, mixer: MixerSetting?
    ) {
        state = Mutex(State(wanted: volume, output: output, keeper: mixer == nil ? .ours : .mixer))
        self.own = own
        self.mixer = mixer
        if mixer == nil { own(Float(volume ?? 1)) }
    }

    /// The output was opened, or is about to be heard: another has another mixer, and a card that was plugged in again may
    /// have forgotten what its mixer was set to. Does not wait.
    func goesOut(to output: DeviceSpec) {
        guard mixer != nil else { return }
        state.withLock { state in
            if state.output != output {
                state.output = output
                state.keeper = .undecided
                own(Float(state.wanted ?? 1))
            }
            if state.keeper != .ours { changes.continuation.yield() }
        }
    }

    /// Does not wait.
    ///
    /// - Parameter volume: linear, 0 … 1; clamped.
    func set(_ volume: Double) {
        let volume = max(0, min(1, volume))
        state.withLock { state in
            state.wanted = volume
            if state.keeper != .mixer { own(Float(volume)) }
            if state.keeper != .ours { changes.continuation.yield() }
        }
    }

    /// Sets the mixer whenever it is to be set, to the newest volume, until the task is cancelled.
    ///
    /// - Parameter onProblem: told why it could not be set.
    func run(onProblem: (DeviceError) -> Void) async {
        guard let mixer else { return }
        for await _ in changes.stream {
            let (wanted, output) = state.withLock { ($0.wanted, $0.output) }
            guard let wanted else { continue }
            do throws(DeviceError) {
                try await mixer(wanted, output)
                decide(for: .mixer, on: output)
            } catch {
                let isOurs = error.isLasting && decide(for: .ours, on: output)
                onProblem(isOurs ? error.leavingVolumeToUs : error)
            }
        }
    }

    /// - Returns: whether it was undecided; false where it is no longer that output.
    @discardableResult
    private func decide(for keeper: Keeper, on output: DeviceSpec) -> Bool {
        state.withLock { state in
            guard state.output == output, state.keeper == .undecided else { return false }
            state.keeper = keeper
            if keeper == .mixer { own(1) }
            return true
        }
    }
}

extension DeviceError {
    /// A mixer that has failed like this has no such control; any other may answer the next time.
    fileprivate var isLasting: Bool {
        switch code {
        case .stalled, .busy, .unplugged: false
        default: true
        }
    }

    fileprivate var leavingVolumeToUs: DeviceError {
        DeviceError(code, "\(message); the volume is our own on it", remedy: remedy, errno: errno)
    }
}
