package import AudioCore

/// How a capture came to its end.
package enum CaptureEnd: Equatable, Sendable {
    case stopped
    /// The file or pipe is over; everything that was in it has been delivered.
    case endOfInput
}

/// Brings the user's voice from a device into the voice ring: mono, 16 kHz, on a thread of its own.
///
/// `run(on:)` is the whole life of one device; it may be called again for the next. All else may be called from any
/// thread at any time and never blocks.
package actor Capture<Stage: CaptureStage> {
    private let thread: DeviceThread
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private nonisolated let state = CaptureState()
    private nonisolated let wake: Wake
    private let stage: Stage
    private let tap: VoiceTap?
    private let tape: SoundTape?
    private let activity: VoiceActivity
    private let onPacket: @Sendable () -> Void
    /// What is worth telling about the run under way.
    private var notice: @Sendable (DeviceNotice) -> Void = { _ in }
    /// Nil while a device runs.
    private var voice: SampleProducer?

    /// - Parameters:
    ///   - voice: the ring's writing end. A ring that is full drops the newest voice, which is counted; a pipe waits.
    ///   - stage: what runs on frames of 10 ms before they reach the ring; pipes it only listens to.
    ///   - tap: hears along, behind the stage.
    ///   - tape: hears along likewise, with the times; a recorder's.
    ///   - activity: is told of what the stage hears.
    ///   - onPacket: called on the capture thread after each 20 ms (320 samples) written, and at the end of an input
    ///     for what is left. Must not block.
    /// - Throws: when the process has no descriptor or thread left.
    package init(
        into voice: consuming SampleProducer, stage: Stage = PassThrough(), tap: VoiceTap? = nil,
        tape: SoundTape? = nil, activity: VoiceActivity = VoiceActivity(),
        onPacket: @escaping @Sendable () -> Void = {}
    ) throws(DeviceError) {
        thread = try DeviceThread(name: "vv-capture")
        wake = try Wake()
        self.voice = consume voice
        self.stage = stage
        self.tap = tap
        self.tape = tape
        self.activity = activity
        self.onPacket = onPacket
    }

    /// Captures from one device until it ends, until `stop()`, or until the task is cancelled; the latter two take
    /// effect within a period.
    ///
    /// - Parameters:
    ///   - device: files and pipes wait for `open()`.
    ///   - rate: the true rate of a device that lies about it; nil believes it.
    ///   - onNotice: what is worth telling; called on the capture thread, before sound flows. Must not block.
    /// - Throws: why the device could not be opened, or went away. Another run may follow.
    /// - Precondition: no other run is under way.
    package func run(
        on device: DeviceSpec, at rate: SampleRate? = nil,
        onNotice: @escaping @Sendable (DeviceNotice) -> Void = { _ in }
    ) async throws(DeviceError) -> CaptureEnd {
        let wake = wake
        notice = onNotice
        state.setSteady(!device.hasEnd)
        defer { state.setLeft(false) }
        let result = await withTaskCancellationHandler {
            do throws(DeviceError) {
                return Result<CaptureEnd, DeviceError>.success(try await capture(from: device, at: rate))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            wake.signal()
        }
        return try result.get()
    }

    /// Lets a file or pipe begin: the session is live.
    package nonisolated func open() {
        state.open()
        wake.signal()
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

    /// Stops reading the device, really, or goes on. What is said meanwhile is not captured.
    package nonisolated func setMuted(_ isMuted: Bool) {
        state.setMuted(isMuted)
        wake.signal()
    }

    /// Stops reading the device until somebody is to be heard, or goes on. A device that goes meanwhile is missed only
    /// then.
    package nonisolated func setResting(_ isResting: Bool) {
        guard state.isResting != isResting else { return }
        state.setResting(isResting)
        wake.signal()
    }

    /// Nobody waits for the sound, which may then come some 40 ms later, or somebody does again.
    package nonisolated func setHurried(_ isHurried: Bool) {
        guard state.isHurried != isHurried else { return }
        state.setHurried(isHurried)
        wake.signal()
    }

    /// The device is not read, by wish.
    package nonisolated var isAtRest: Bool { state.isAtRest }
    /// Periods are due whenever it is not at rest, also while the device is lost; not so of files and pipes.
    package nonisolated var isSteady: Bool { state.isSteady }
    /// How loud the input is; falls to silence while muted.
    package nonisolated var meter: LevelMeter { state.meter }
    package nonisolated var counters: DeviceCounters { state.counters }

    private func capture(
        from device: DeviceSpec, at rate: SampleRate?
    ) async throws(DeviceError) -> CaptureEnd {
        let clock = MonotonicClock()
        switch device {
        case .file(let path):
            let reader = try WAVReader(FileBytes(reading: path), name: path)  // a bad file is told at once
            guard await isOpened() else { return .stopped }
            return try await pump(FileInput(reader, clock: clock))
        case .pipe(let path):
            let pipe = try PipeInput(path: path)
            guard await isOpened() else { return .stopped }
            return try await pump(pipe)
        case .standard:
            guard await isOpened() else { return .stopped }
            return try await pump(PipeInput())
        case .tone(let hertz): return try await pump(ToneInput(hertz: hertz, clock: clock))
        case .silence, .null: return try await pump(ToneInput(hertz: nil, clock: clock))
        case .alsa(let name):
            guard let pcm = try ALSAPCM.open(name, for: .input, wake: wake, unless: { isOver }) else { return .stopped }
            let opened = OpenedDevice(name: device.description, pcm)
            let card = try CardInput(pcm, name: device.description, at: rate, counters: state.counters)
            notice(.opened(opened))
            beInRealTime(true)
            defer { beInRealTime(false) }
            return try await pump(card)
        case .list: throw DeviceError(.usage, "\(device) is no device", remedy: "Choose one of the list")
        }
    }

    private var isOver: Bool { state.isStopped || state.isLeft || Task.isCancelled }

    /// Waits for `open()`. - Returns: false when the run is over before.
    private func isOpened() async -> Bool {
        while !state.isOpen, !isOver {
            wake.wait()
            await letOthersIn()
        }
        return !isOver
    }

    /// Runs one device, and takes the ring's end back however that ends.
    private func pump<Input: InputDevice & ~Copyable>(
        _ input: consuming Input
    ) async throws(DeviceError) -> CaptureEnd {
        guard let voice = voice.take() else { preconditionFailure("a capture runs on one device at a time") }
        var loop = CaptureLoop(
            input, stage: stage, voice: voice, tap: tap, tape: tape, state: state, wake: wake,
            activity: activity, onPacket: onPacket)
        var result = Result<CaptureEnd, DeviceError>.success(.stopped)
        var works = false
        do {
            while !isOver {
                await letOthersIn()
                let step = try loop.step()
                if step == .ended {
                    result = .success(.endOfInput)
                    break
                }
                if !works, step == .captured || state.isAtRest {
                    works = true
                    notice(.works)
                }
            }
        } catch {
            result = .failure(error)
        }
        state.meter.reset()
        self.voice = loop.finish()
        return try result.get()
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
