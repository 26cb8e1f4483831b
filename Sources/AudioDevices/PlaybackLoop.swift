import AudioCore
import AudioFrontEnd
import Synchronization

/// Speech on its way into one device: everything that a period of playback does, without the thread.
struct PlaybackLoop<Output: OutputDevice & ~Copyable, Tap: ReferenceTap>: ~Copyable {
    private var output: Output
    private var tap: Tap
    private let tape: SoundTape?
    private var speech: SpeechReader
    private var timeline: PlaybackTimeline
    private var resampler: Resampler
    private var concealment: Concealment
    private var cues: CuePlayer
    private var tail: FadeTail
    private let state: PlaybackState
    private let wake: Wake
    /// Speech and silence that the resampler has not taken, at the front.
    private let staging: Scratch<Int16>
    private var staged = 0
    /// What goes to the device.
    private let frames: Scratch<Int16>
    private var volume: Float
    private var quiet: QuietWatch

    /// - Parameter resampler: from the speech's rate to the output's.
    init(
        _ output: consuming Output, speech: consuming SpeechReader, through resampler: consuming Resampler,
        clock: PlaybackClock, tap: Tap, tape: SoundTape? = nil, state: PlaybackState, wake: Wake
    ) {
        timeline = PlaybackTimeline(clock: clock, speechRate: speech.rate, deviceRate: output.rate)
        concealment = Concealment(rate: speech.rate)
        cues = CuePlayer(rate: output.rate)
        state.forgetCues()  // of before this device: they tell of what is past
        tail = FadeTail(rate: output.rate)
        frames = Scratch(samples: output.period)
        let largest = output.period * speech.rate.hertz / output.rate.hertz
        staging = Scratch(samples: largest + resampler.lookahead + 8)
        volume = state.volume
        quiet = QuietWatch(rate: output.rate)
        self.resampler = resampler
        self.output = output
        self.speech = speech
        self.tap = tap
        self.tape = tape
        self.state = state
        self.wake = wake
    }

    /// Brings the device to its end in good order: a file is then whole.
    mutating func close() throws(DeviceError) { try output.finish() }

    /// - Returns: the speech buffer's end, for the next device: it goes on with what was not heard from this one.
    consuming func finish() -> SpeechReader {
        state.setAtRest(false)
        // A device that went while it was silenced held speech that was cut by then.
        if let position = timeline.takeBack(delay: nil, at: MonotonicClock().now) {
            speech.goBack(to: max(position, speech.givenBack))
        }
        return speech
    }

    /// Plays one period, or carries out an interruption or a hold. Blocks for a period at most. RT safe as far as the
    /// device and the tap are.
    mutating func step() throws(DeviceError) {
        if quiet.isLong, output.canRest, !isWanted { return try rest() }
        if state.isAtRest { getUp() }
        let hasRoom = try output.waitForRoom(wake)
        let staging = self.staging.elements
        var samples = staging.mutableSpan
        let wanted = hasRoom ? max(0, resampler.inputNeeded(for: frames.elements.count) - staged) : 0
        let reading = speech.read(wanted, into: &samples, from: staged)
        if let cut = reading.cut {
            try silence(before: cut)
            return  // the next step plays on, behind the fade
        }
        if reading.isHeld, timeline.holdsSpeech { return try hold() }
        guard hasRoom else { return }
        concealment.complete(&samples, in: staged..<staged + wanted, after: reading)
        staged += wanted
        timeline.read(wanted, speech: reading.positions)
        state.counters.setUnderruns(speech.underruns)
        try play()
    }

    /// Resamples what is staged into one period, and queues it.
    private mutating func play() throws(DeviceError) {
        let staging = self.staging.elements
        let frames = self.frames.elements
        var span = frames.mutableSpan
        let (consumed, produced) = resampler.process(staging.span.extracting(0..<staged), into: &span)
        precondition(produced == frames.count, "\(produced) frames for a period of \(frames.count)")
        for index in 0..<staged - consumed { staging[index] = staging[consumed + index] }
        staged -= consumed
        cues.mix(into: &span, asked: state)
        applyVolume(&span)
        try queue()
    }

    private mutating func queue() throws(DeviceError) {
        let period = self.frames.elements
        let frames = period.span
        state.meter.measure(frames, rate: output.rate)
        quiet.played(frames)
        tail.remember(frames)
        try output.write(frames)
        state.counters.countPeriod()
        timeline.wrote(frames.count)
        let delay = try output.delay()
        let now = MonotonicClock().now
        timeline.publish(delay: delay, at: now)
        speech.giveBack(before: timeline.firstUnheard ?? speech.position)
        let ahead = output.rate.duration(of: max(0, delay - frames.count))
        tap.willLeave(frames, rate: output.rate, at: now + ahead)
        tape?.write(frames, rate: output.rate, at: now + ahead)
    }

    /// Silences the device, where it can be done with a short fade of what it was playing (pitfall 38).
    private mutating func silence(before cut: Int) throws(DeviceError) {
        guard timeline.holdsSpeech else {
            timeline.skip(to: cut)
            return
        }
        let dropped = try output.drop()
        timeline.drop(before: cut, delay: dropped.unheard, at: MonotonicClock().now)
        try fadeOut(dropped, at: cut)
    }

    /// Silences the device likewise; what it had not played is read again when the hold is over.
    private mutating func hold() throws(DeviceError) {
        let dropped = try output.drop()
        let now = MonotonicClock().now
        if let position = timeline.takeBack(delay: dropped.unheard, at: now) { speech.goBack(to: position) }
        try fadeOut(dropped, at: speech.position)
    }

    private mutating func fadeOut(_ dropped: DroppedSound, at position: Int) throws(DeviceError) {
        state.counters.countFlush()
        let now = MonotonicClock().now
        tap.dropped(from: now)
        tape?.writeDrop(from: now)
        resampler.reset()
        concealment.forget()
        cues.forget()
        staged = 0
        let period = frames.elements
        var span = period.mutableSpan
        tail.fade(unheard: dropped.isSeamless ? dropped.unheard : 0, into: &span)
        // The fade is of speech that was cut or comes again, so it counts as silence.
        timeline.read(frames.elements.count * speech.rate.hertz / output.rate.hertz, speech: position..<position)
        try queue()
    }

    /// Somebody needs the device, or will at once.
    private var isWanted: Bool {
        !state.mayRest || speech.hasNews || timeline.holdsSpeech || state.hasCue
    }

    /// Leaves the device alone until somebody needs it, or this thread is woken for something else.
    private mutating func rest() throws(DeviceError) {
        if !state.isAtRest {
            _ = try output.drop()  // silence, all of it
            let now = MonotonicClock().now
            _ = timeline.takeBack(delay: 0, at: now)
            tap.dropped(from: now)
            tape?.writeDrop(from: now)
            resampler.reset()
            concealment.forget()
            staged = 0
            state.meter.reset()
            state.setAtRest(true)
        }
        state.setWaitingForSpeech(true)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if !isWanted { wake.wait() }
        state.setWaitingForSpeech(false)
    }

    private mutating func getUp() {
        quiet = QuietWatch(rate: output.rate)
        state.setAtRest(false)
    }

    /// In a straight line from the last period's volume to the present one, so that a change does not click.
    private mutating func applyVolume(_ frames: inout MutableSpan<Int16>) {
        let target = state.volume
        guard volume != 1 || target != 1 else { return }
        let step = (target - volume) / Float(frames.count)
        for index in frames.indices {
            volume += step
            frames[index] = Int16(max(-32_768, min(32_767, (Float(frames[index]) * volume).rounded())))
        }
        volume = target
    }
}
