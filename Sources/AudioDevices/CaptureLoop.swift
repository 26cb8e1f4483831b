import AudioCore

/// One input on its way into the voice ring: everything that a period of capture does, without the thread.
struct CaptureLoop<Input: InputDevice & ~Copyable, Stage: CaptureStage>: ~Copyable {
    enum Step: Equatable {
        /// Something may have changed: see to it, then step again.
        case woken
        case captured
        case ended
    }

    /// 20 ms at 16 kHz: what goes up in one message.
    static var packet: Int { 320 }
    /// 10 ms: what a stage takes.
    static var frameSize: Int { 160 }

    private var input: Input
    private var stage: Stage
    private var voice: SampleProducer
    private let tap: VoiceTap?
    private let tape: SoundTape?
    private let state: CaptureState
    private let wake: Wake
    private let activity: VoiceActivity
    private let onPacket: @Sendable () -> Void
    private let frame = Scratch(samples: frameSize)
    /// Of a pipe, whose readings are no whole frames: what the stage has not listened to yet.
    private let unheard = Scratch(samples: frameSize)
    private var unheardCount = 0
    /// Samples in the ring since the last packet was announced.
    private var unannounced = 0
    private var isListening = true
    private var isHurried = true

    init(
        _ input: consuming Input, stage: Stage, voice: consuming SampleProducer, tap: VoiceTap? = nil,
        tape: SoundTape? = nil, state: CaptureState, wake: Wake, activity: VoiceActivity,
        onPacket: @escaping @Sendable () -> Void
    ) {
        self.input = input
        self.stage = stage
        self.voice = voice
        self.tap = tap
        self.tape = tape
        self.state = state
        self.wake = wake
        self.activity = activity
        self.onPacket = onPacket
    }

    /// Gives the ring's end back, for the next device. Nobody speaks meanwhile.
    consuming func finish() -> SampleProducer {
        activity.observe(false, at: voice.position, capturedAt: MonotonicClock().now)
        return voice
    }

    /// Captures one frame. RT safe as far as the device, the stage and `onPacket` are.
    mutating func step() throws(DeviceError) -> Step {
        let frame = self.frame.elements
        try followWishes()
        var span = frame.mutableSpan
        switch try input.read(into: &span, wake: wake) {
        case .woken:
            return .woken
        case .ended:
            announce(whole: false)
            return .ended
        case .samples(let count, let time):
            state.counters.countPeriod()
            guard isListening else { return .captured }
            // What the device brought, before a stage makes silence of it.
            state.counters.countZeros(in: frame.span.extracting(0..<count))
            if input.isExact {
                listen(to: frame.span.extracting(0..<count), capturedAt: time)
                deliverAll(frame.span.extracting(0..<count), arrivedAt: time)
            } else {
                // The end of a file: a stage knows whole frames only.
                for index in count..<span.count { span[index] = 0 }
                stage.process(&span, capturedAt: time)
                // What leaves the stage came to it earlier.
                let capturedAt = time - SampleRate.voice.duration(of: stage.delay)
                activity.observe(stage.hearsVoice, at: voice.position, capturedAt: capturedAt)
                deliver(frame.span, capturedAt: capturedAt)
            }
            return .captured
        }
    }

    private mutating func followWishes() throws(DeviceError) {
        if state.isHurried != isHurried {
            isHurried.toggle()
            input.setHurried(isHurried)
        }
        let isAtRest = state.isAtRest
        guard isAtRest == isListening else { return }
        try input.setListening(!isAtRest)
        isListening = !isAtRest
        if isAtRest {
            state.meter.reset()
            activity.observe(false, at: voice.position, capturedAt: MonotonicClock().now)
        }
    }

    /// Lets the stage hear what it must not change, in frames.
    private mutating func listen(to samples: Span<Int16>, capturedAt time: Duration) {
        let unheard = self.unheard.elements
        var span = unheard.mutableSpan
        for index in samples.indices {
            span[unheardCount] = samples[index]
            unheardCount += 1
            guard unheardCount == Self.frameSize else { continue }
            unheardCount = 0
            // `time` is of the reading's first sample; the frame's may lie in the reading before.
            let first = index + 1 - Self.frameSize
            let began = time + SampleRate.voice.duration(of: first)
            stage.listen(to: unheard.span, capturedAt: began)
            activity.observe(stage.hearsVoice, at: max(0, voice.position + first), capturedAt: began)
        }
    }

    private mutating func deliver(_ frame: Span<Int16>, capturedAt time: Duration) {
        meter(frame)
        tap?.write(frame)
        tape?.write(frame, rate: .voice, at: time, position: voice.position)
        let written = voice.write(frame)
        if written < frame.count { state.counters.countDropped(frame.count - written) }
        unannounced += written
        announce(whole: true)
    }

    /// Delivers every sample, waiting for room: a pipe's pace is the slower side's.
    private mutating func deliverAll(_ samples: Span<Int16>, arrivedAt time: Duration) {
        meter(samples)
        tap?.write(samples)
        tape?.write(samples, rate: .voice, at: time, position: voice.position, isTimed: false)
        var written = 0
        while true {
            let taken = voice.write(samples.extracting(written...))
            written += taken
            unannounced += taken
            announce(whole: true)
            guard written < samples.count, !state.isStopped, !Task.isCancelled else { break }
            // The ring's other end wakes nobody, so look every few milliseconds.
            wake.wait(until: MonotonicClock().now + .milliseconds(5))
        }
        // What did not fit when we were stopped is lost, and counted.
        state.counters.countDropped(samples.count - written)
    }

    private func meter(_ frame: Span<Int16>) {
        state.meter.measure(frame, rate: .voice)
    }

    /// - Parameter whole: only packets that are full; at the end of an input the rest is announced too.
    private mutating func announce(whole: Bool) {
        while unannounced >= Self.packet || !whole && unannounced > 0 {
            unannounced = max(0, unannounced - Self.packet)
            onPacket()
        }
    }
}
