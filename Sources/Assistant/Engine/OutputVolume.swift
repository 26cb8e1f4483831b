import AudioDevices
import Synchronization

/// How loud answers are: by our own doing, or by the mixer of the output's card where a control of it is named.
///
/// A mixer may take long to answer, or never, so it is asked by a task of its own: `run`.
final class OutputVolume: Sendable {
    /// Nil until somebody wants any.
    private let wanted: Mutex<Double?>
    private let own: @Sendable (Float) -> Void
    private let mixer: (@Sendable (Double) async throws(DeviceError) -> Void)?
    /// The mixer is to be set to what is wanted then.
    private let changes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameter own: sets ours, linear.
    /// - Throws: `.usage` for a control that the mixer has not, with those that it has, and for an output without one.
    convenience init(
        _ settings: Settings.Audio, of output: DeviceSpec, own: @escaping @Sendable (Float) -> Void
    ) throws(DeviceError) {
        guard let control = settings.mixer else {
            self.init(settings.volume, own: own, mixer: nil)
            return
        }
        let mixer = try Mixer(of: output, control: control)
        self.init(settings.volume, own: own) { volume throws(DeviceError) in try await mixer.setVolume(volume) }
    }

    /// - Parameters:
    ///   - volume: linear, 0 … 1, to begin with; nil for all of ours, and for the mixer as it is.
    ///   - mixer: sets the card's; nil for ours.
    init(
        _ volume: Double?, own: @escaping @Sendable (Float) -> Void,
        mixer: (@Sendable (Double) async throws(DeviceError) -> Void)?
    ) {
        wanted = Mutex(volume)
        self.own = own
        self.mixer = mixer
        if mixer == nil { own(Float(volume ?? 1)) }
    }

    /// The output was opened: a card that was plugged in again may have forgotten what it was set to. Does not wait.
    func outputOpened() { if mixer != nil { changes.continuation.yield() } }

    /// Does not wait.
    ///
    /// - Parameter volume: linear, 0 … 1; clamped.
    func set(_ volume: Double) {
        let volume = max(0, min(1, volume))
        wanted.withLock { $0 = volume }
        if mixer == nil { own(Float(volume)) } else { changes.continuation.yield() }
    }

    /// Sets the mixer whenever it is to be set, to the newest volume, until the task is cancelled.
    ///
    /// - Parameter onProblem: told why it could not be set.
    func run(onProblem: (DeviceError) -> Void) async {
        guard let mixer else { return }
        for await _ in changes.stream {
            guard let volume = wanted.withLock({ $0 }) else { continue }
            do throws(DeviceError) {
                try await mixer(volume)
            } catch {
                onProblem(error)
            }
        }
    }
}
