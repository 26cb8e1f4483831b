import AudioCore

/// Where a `SoftCard` puts what it has played.
protocol CardSink: ~Copyable {
    /// Frames in the order in which they were heard, each once.
    mutating func play(_ frames: Span<Int16>) throws(DeviceError)
    mutating func finish() throws(DeviceError)
}

/// A sound card without hardware: plays at 24 kHz by a clock, holds two periods, and can be silenced like a real one.
///
/// What it plays goes to its sink. When it is served too late it plays nothing and waits, where hardware would
/// stutter; that counts as an xrun.
struct SoftCard<Sink: CardSink & ~Copyable, Clock: DeviceClock>: OutputDevice, ~Copyable {
    let rate = SampleRate.speech
    let period = 240
    private var sink: Sink
    private let clock: Clock
    private let counters: DeviceCounters
    /// Frames queued and not handed to the sink, at the front.
    private let queue = Scratch(samples: 480)
    private var queued = 0
    /// When the frame at the front of the queue begins to play, or began; means nothing while the queue is empty.
    private var front: Duration

    init(_ sink: consuming Sink, clock: Clock, counters: DeviceCounters) {
        self.sink = sink
        self.clock = clock
        self.counters = counters
        front = clock.now
    }

    private var capacity: Int { queue.elements.count }

    mutating func waitForRoom(_ wake: Wake) throws(DeviceError) -> Bool {
        let surplus = queued + period - capacity
        if surplus > 0, clock.wait(until: front + rate.duration(of: surplus), wake) { return false }
        try advance()
        return true
    }

    mutating func write(_ frames: Span<Int16>) throws(DeviceError) {
        precondition(queued + frames.count <= capacity, "written without room")
        if queued == 0 {
            let now = clock.now
            let late = now - front
            if late > rate.duration(of: period), front > .zero { counters.countXrun(late: late, isOurs: true) }
            front = max(front, now)
        }
        let queue = self.queue.elements
        for index in frames.indices { queue[queued + index] = frames[index] }
        queued += frames.count
    }

    mutating func delay() throws(DeviceError) -> Int {
        queued - min(queued, max(0, rate.frames(in: clock.now - front)))
    }

    mutating func drop() throws(DeviceError) -> DroppedSound {
        try advance()
        defer { queued = 0 }
        return DroppedSound(unheard: queued, isSeamless: true)
    }

    mutating func finish() throws(DeviceError) {
        try advance()
        try sink.finish()
    }

    /// Hands to the sink what has been played by now.
    private mutating func advance() throws(DeviceError) {
        let played = try queued - delay()
        guard played > 0 else { return }
        let queue = self.queue.elements
        try sink.play(queue.span.extracting(0..<played))
        for index in 0..<queued - played { queue[index] = queue[played + index] }
        queued -= played
        front += rate.duration(of: played)
    }
}

/// Hears nothing.
struct NullSink: CardSink {
    mutating func play(_ frames: Span<Int16>) {}
    mutating func finish() {}
}

/// A WAV file, from the first sound to the last; pauses between them are kept as silence.
struct FileSink: CardSink, ~Copyable {
    private var file: WAVWriter
    private var hasBegun = false
    /// Silent frames since the last sound: written when another follows.
    private var pause = 0
    private let silence = Scratch(samples: 2_400)

    /// - Throws: `.permission` or `.inputOutput` when the file cannot be made.
    init(creating path: String) throws(DeviceError) {
        file = try WAVWriter(creating: path, rate: .speech)
    }

    mutating func play(_ frames: Span<Int16>) throws(DeviceError) {
        var first = frames.count
        var end = 0
        for index in frames.indices where frames[index] != 0 {
            first = min(first, index)
            end = index + 1
        }
        guard end > 0 else {
            pause += frames.count
            return
        }
        let start = hasBegun ? 0 : first
        if hasBegun { try writePause() }
        hasBegun = true
        try file.append(frames.extracting(start..<end))
        pause = frames.count - end
    }

    mutating func finish() throws(DeviceError) { try file.updateHeader() }

    private mutating func writePause() throws(DeviceError) {
        let silence = self.silence.elements
        while pause > 0 {
            let part = min(pause, silence.count)
            try file.append(silence.span.extracting(0..<part))
            pause -= part
        }
    }
}
