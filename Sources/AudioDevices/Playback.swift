package import AudioCore
import AudioFrontEnd
import Synchronization

/// Plays speech on a device, on a thread of its own, and keeps the clock of what was heard.
///
/// `run(on:)` is the whole life of one device; it may be called again for the next, which goes on where the last one
/// stopped. All else may be called from any thread at any time and never blocks.
package actor Playback<Tap: ReferenceTap> {
    private let thread: DeviceThread
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private nonisolated let state = PlaybackState()
    private nonisolated let wake: Wake
    private let tap: Tap
    private let tape: SoundTape?
    private let speechRate: SampleRate
    /// What is worth telling about the run under way.
    private var notice: @Sendable (DeviceNotice) -> Void = { _ in }
    /// Nil while a device runs.
    private var speech: SpeechReader?

    /// What has been heard, and whether something is being said.
    package nonisolated let clock: PlaybackClock
    /// - Parameters:
    ///   - speech: the playing end of a buffer whose writing end reports to `speechChanged`.
    ///   - tap: who hears what leaves; pipes go round it.
    ///   - tape: hears what leaves with its time, pipes' included; a recorder's.
    /// - Throws: when the process has no descriptor or thread left.
    package init(
        of speech: consuming SpeechReader, clock: PlaybackClock = PlaybackClock(), tap: Tap = NoTap(),
        tape: SoundTape? = nil
    ) throws(DeviceError) {
        thread = try DeviceThread(name: "vv-playback")
        wake = try Wake()
        speechRate = speech.rate
        self.speech = consume speech
        self.clock = clock
        self.tap = tap
        self.tape = tape
    }

    /// Plays on one device until `stop()`, or until the task is cancelled: both take effect within a period, and
    /// silence the device.
    ///
    /// - Parameters:
    ///   - rate: the true rate of a device that lies about it; nil believes it.
    ///   - onNotice: what is worth telling; called on the playback thread, before speech flows. Must not block.
    /// - Throws: why the device could not be opened, or went away. Another run may follow.
    /// - Precondition: no other run is under way.
    package func run(
        on device: DeviceSpec, at rate: SampleRate? = nil,
        onNotice: @escaping @Sendable (DeviceNotice) -> Void = { _ in }
    ) async throws(DeviceError) {
        let wake = wake
        notice = onNotice
        state.setSteady(!device.isPipe)
        defer { state.setLeft(false) }
        let result = await withTaskCancellationHandler {
            do throws(DeviceError) {
                return Result<Void, DeviceError>.success(try await play(on: device, at: rate))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            wake.signal()
        }
        try result.get()
    }

    /// To be called by the buffer's writer (`SpeechBuffer.makeWriter(onChange:)`) and by whoever holds or drops its
    /// speech: silence does not wait for the next period, and a pipe has no periods.
    package nonisolated func speechChanged(_ change: SpeechChange) {
        if change == .interruption || change == .hold { wake.signal() } else { wakeFromWaiting() }
    }

    /// Something has come for a thread that may wait for it. Whoever waits has said so before it looked for the last time;
    /// so either it sees what has come, or we see that it waits.
    private nonisolated func wakeFromWaiting() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if state.isWaitingForSpeech { wake.signal() }
    }

    /// Ends the run under way, but no later one.
    package nonisolated func leave() {
        state.setLeft(true)
        wake.signal()
    }

    /// Ends the run under way, and any later one, for good.
    package nonisolated func stop() {
        state.stop()
        wake.signal()
    }

    /// Plays a chime beside whatever is said, from the next period on; nothing on a pipe, or while no device runs.
    package nonisolated func play(_ cue: Chime) {
        state.ask(for: cue)
        wakeFromWaiting()
    }

    /// Lets a device stand still after half a second of silence, until there is something to play or it may no longer. Of
    /// no meaning for files and pipes.
    package nonisolated func setMayRest(_ mayRest: Bool) {
        guard state.mayRest != mayRest else { return }
        state.setMayRest(mayRest)
        wake.signal()
    }

    /// The device stands still: nothing is expected of it, and a device that goes meanwhile is missed only then.
    package nonisolated var isAtRest: Bool { state.isAtRest }

    /// - Parameter volume: linear, 0 (silent) … 1; clamped. Pipes have none.
    package nonisolated func setVolume(_ volume: Float) { state.setVolume(max(0, min(1, volume))) }

    /// Periods are due, also while the device is lost; not so of pipes.
    package nonisolated var isSteady: Bool { state.isSteady }
    package nonisolated var volume: Float { state.volume }
    /// How loud what leaves is, after the volume.
    package nonisolated var meter: LevelMeter { state.meter }
    package nonisolated var counters: DeviceCounters { state.counters }

    private func play(on device: DeviceSpec, at rate: SampleRate?) async throws(DeviceError) {
        let clock = MonotonicClock()
        switch device {
        case .null: try await pump(SoftCard(NullSink(), clock: clock, counters: state.counters))
        case .file(let path):
            let sink = try FileSink(creating: path)
            try await pump(SoftCard(sink, clock: clock, counters: state.counters))
        case .pipe(let path):
            guard let sink = try PipeSink.open(path: path, wake: wake, unless: { isOver }) else { return }
            try await pump(sink)
        case .standard: try await pump(PipeSink.standardOutput())
        case .alsa(let name):
            guard let pcm = try ALSAPCM.open(name, for: .output, wake: wake, unless: { isOver }) else { return }
            let opened = OpenedDevice(name: device.description, pcm)
            notice(.opened(opened))
            beInRealTime(true)
            defer { beInRealTime(false) }
            // What it is filled with at first it takes in any case; the period after that says that it plays.
            let card = CardOutput(pcm, name: device.description, at: rate, clock: clock, counters: state.counters)
            let filled = card.fill.frames / opened.period
            try await pump(card, worksAfter: filled + 1)
        case .tone, .silence, .list:
            throw DeviceError(.usage, "nothing can be played to \(device)", remedy: "Choose one of the list")
        }
    }

    private var isOver: Bool { state.isStopped || state.isLeft || Task.isCancelled }

    /// Runs a device with a clock, and takes the speech back however that ends.
    ///
    /// - Parameter proof: periods after which it is known to play.
    private func pump<Output: OutputDevice & ~Copyable>(
        _ output: consuming Output, worksAfter proof: Int = 1
    ) async throws(DeviceError) {
        let resampler = try Resampler(between: speechRate, and: output.rate)
        var loop = PlaybackLoop(
            output, speech: takeSpeech(), through: resampler, clock: clock, tap: tap, tape: tape, state: state,
            wake: wake)
        var failure: DeviceError?
        let first = state.counters.counts.periods
        var works = false
        do {
            while !isOver {
                await letOthersIn()
                try loop.step()
                if !works, state.counters.counts.periods - first >= proof {
                    works = true
                    notice(.works)
                }
            }
            try loop.close()
        } catch {
            failure = error
        }
        state.meter.reset()
        speech = loop.finish()
        if let failure { throw failure }
    }

    /// Runs a pipe, likewise.
    private func pump(_ sink: consuming PipeSink) async throws(DeviceError) {
        state.setWaitingForSpeech(true)
        notice(.works)
        var loop = PipeLoop(sink, speech: takeSpeech(), clock: clock, tape: tape, state: state, wake: wake)
        var failure: DeviceError?
        do {
            while !isOver {
                await letOthersIn()
                try loop.step(unless: { isOver })
            }
        } catch {
            failure = error
        }
        state.setWaitingForSpeech(false)
        state.meter.reset()
        speech = loop.finish()
        if let failure { throw failure }
    }

    private func takeSpeech() -> SpeechReader {
        guard let speech = speech.take() else { preconditionFailure("a playback runs on one device at a time") }
        return speech
    }

    /// Calls of this actor get their turn between two periods. A yield allocates, so only when there are any.
    private func letOthersIn() async {
        if thread.isAwaited { await Task.yield() }
    }

    /// Only a device with hardware behind it needs to be served in time.
    private func beInRealTime(_ isRealTime: Bool) {
        if let notice = DeviceNotice.forRealTime(isRealTime) { self.notice(notice) }
    }
}
