import AudioCore

/// Speech on its way into a pipe: bit for bit, as it arrives. No cushion, no fade, no padding, no volume.
///
/// Heard means written. What has been written cannot be taken back, so an interruption drops only what has not been.
struct PipeLoop: ~Copyable {
    /// 10 ms: an interruption takes effect between two of these. Less than `PIPE_BUF` in bytes, so that a pipe which
    /// is ready takes it without blocking.
    private static var chunk: Int { 240 }

    private let sink: PipeSink
    private var speech: SpeechReader
    private var timeline: PlaybackTimeline
    private let tape: SoundTape?
    private let state: PlaybackState
    private let wake: Wake
    private let samples = Scratch(samples: chunk)

    init(
        _ sink: consuming PipeSink, speech: consuming SpeechReader, clock: PlaybackClock, tape: SoundTape? = nil,
        state: PlaybackState, wake: Wake
    ) {
        timeline = PlaybackTimeline(clock: clock, speechRate: speech.rate, deviceRate: speech.rate)
        self.sink = sink
        self.speech = speech
        self.tape = tape
        self.state = state
        self.wake = wake
    }

    /// Closes the pipe, if it is ours. - Returns: the speech buffer's end, for the next device.
    consuming func finish() -> SpeechReader { speech }

    /// Writes what there is, at most 10 ms of it; waits for a wake-up when there is nothing.
    mutating func step(unless isOver: () -> Bool) throws(DeviceError) {
        let samples = self.samples.elements
        var span = samples.mutableSpan
        let reading = speech.read(span.count, into: &span, isCushioned: false)
        if let cut = reading.cut {
            timeline.skip(to: cut)
            return
        }
        let count = reading.positions.count
        guard count > 0 else {
            wake.wait()
            return
        }
        let written = try sink.write(samples.span.extracting(0..<count), wake: wake, unless: isOver)
        let positions = reading.positions.lowerBound..<reading.positions.lowerBound + written
        if written < count { speech.goBack(to: positions.upperBound) }  // the next device's
        speech.giveBack(before: positions.upperBound)
        timeline.read(written, speech: positions)
        timeline.wrote(written)
        let now = MonotonicClock().now
        timeline.publish(delay: 0, at: now)
        tape?.write(samples.span.extracting(0..<written), rate: speech.rate, at: now, isTimed: false)
        state.meter.measure(samples.span.extracting(0..<written), rate: speech.rate)
        state.counters.countPeriod()
    }
}
