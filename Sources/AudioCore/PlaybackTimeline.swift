/// What was written to a device, in order: turns the device's word on what it still holds into what was heard.
///
/// Lives on the playback thread and writes the `PlaybackClock`. Each period it is told, in this order: what was read
/// (`read`), what was written (`wrote`), what the device still holds (`publish`). Everything here is RT safe.
///
/// Between the two lies a resampler, so a device frame is traced back in two steps: to a sample of the *stream* that
/// was fed to the resampler, by the ratio of the rates, and from there to a position of speech, by the runs below.
/// Silence between answers is in the stream and has no position.
package struct PlaybackTimeline: ~Copyable, Sendable {
    /// Speech without a gap: `length` samples from `stream` on, which are the positions from `speech` on.
    private struct Run {
        var stream = 0
        var speech = 0
        var length = 0
    }

    package let clock: PlaybackClock
    private let speechRate: SampleRate
    private let deviceRate: SampleRate
    /// Oldest first from `firstRun`. A run ends where silence or a cut does, so a device holds one or two of them.
    private var runs = [64 of Run](repeating: Run())
    private var firstRun = 0
    private var runCount = 0

    /// Samples fed to the resampler, and frames written, since the device's buffer was last empty by our doing.
    private var streamRead = 0
    private var written = 0
    /// Frames that left the device before then.
    private var playedBefore: Int
    private var heard: Int
    /// The end of what was heard or cut last.
    private var passed: Int
    /// When `publish` was called last.
    private var publishedAt: Duration?

    /// - Parameters:
    ///   - speechRate: of what is read.
    ///   - deviceRate: of what is written.
    package init(clock: PlaybackClock, speechRate: SampleRate, deviceRate: SampleRate) {
        self.clock = clock
        self.speechRate = speechRate
        self.deviceRate = deviceRate
        playedBefore = clock.framesPlayed
        heard = clock.heardPosition
        passed = max(heard, clock.newestCut.upperBound)
    }

    /// Speech was read that has not left the device by its last report.
    package var holdsSpeech: Bool { runCount > 0 }

    /// The first position that was read and has not left the device by its last report; nil when it holds no speech.
    package var firstUnheard: Int? { runCount > 0 ? max(runs[firstRun].speech, heard) : nil }

    /// `count` samples go to the resampler: first speech from `positions`, then silence.
    ///
    /// - Precondition: `positions.count <= count`.
    package mutating func read(_ count: Int, speech positions: Range<Int>) {
        precondition(positions.count <= count, "\(positions.count) samples of speech in \(count)")
        if !positions.isEmpty { append(positions) }
        streamRead += count
    }

    /// The device took `frames`, at its own rate.
    package mutating func wrote(_ frames: Int) { written += frames }

    /// Publishes what has been heard.
    ///
    /// - Parameters:
    ///   - delay: frames written that have not left the device, by its own report; clamped to what can be.
    ///   - time: of that report, since boot.
    package mutating func publish(delay: Int, at time: Duration) {
        let left = max(0, written - max(0, delay))
        // In 64 bits for six years of playing without a cut.
        let streamHeard = left * speechRate.hertz / deviceRate.hertz
        while runCount > 0 {
            let run = runs[firstRun]
            let length = min(run.length, streamHeard - run.stream)
            if length > 0 {
                publishHeard(upTo: run.speech + length, of: run, since: streamHeard - run.stream - length, at: time)
            }
            guard length == run.length else { break }
            forgetOldest()
        }
        passed = max(passed, heard)
        publishedAt = time
        // A device may correct its delay upwards, but what was heard stays heard.
        clock.publish(heard: heard, played: playedBefore + left, isSpeaking: runCount > 0)
    }

    /// The device's buffer was dropped because of an interruption: what it still held is never heard.
    ///
    /// - Parameters:
    ///   - cut: the interruption's position, as `SpeechReading` told it.
    ///   - delay: frames written that had not left the device at the moment of dropping.
    ///   - time: of that moment, since boot.
    package mutating func drop(before cut: Int, delay: Int, at time: Duration) {
        publish(delay: delay, at: time)
        skip(to: cut)
        begin(delay: delay)
    }

    /// The device's buffer was dropped, and what it still held will be read again: it is held, or the device is gone.
    ///
    /// - Parameters:
    ///   - delay: frames written that had not left the device then; nil for its last report.
    ///   - time: of that moment, since boot.
    /// - Returns: the first position that was read and not heard; nil when all was heard.
    package mutating func takeBack(delay: Int?, at time: Duration) -> Int? {
        let delay = delay ?? written - (clock.framesPlayed - playedBefore)
        publish(delay: delay, at: time)
        let position = firstUnheard
        begin(delay: delay)
        return position
    }

    /// An interruption dropped speech before it was read, and the device held none.
    package mutating func skip(to cut: Int) {
        if passed < cut { clock.publishCut(passed..<cut) }
        passed = max(passed, cut)
    }

    /// Speech up to `position` had left `ago` samples of the stream before `time`.
    private mutating func publishHeard(upTo position: Int, of run: Run, since ago: Int, at time: Duration) {
        let from = max(heard, run.speech)
        guard from < position else { return }
        let ended = time - speechRate.duration(of: ago)
        // By the last report nothing of it had left: a pipe takes much at once.
        let earliest = publishedAt.map { min($0, ended) } ?? .zero
        let began = max(ended - speechRate.duration(of: position - from), earliest)
        clock.publishHeard(from..<position, began: began, ended: ended, rate: speechRate)
        heard = position
    }

    /// The device is empty now.
    private mutating func begin(delay: Int) {
        playedBefore += max(0, written - max(0, delay))
        streamRead = 0
        written = 0
        firstRun = 0
        runCount = 0
        clock.publish(heard: heard, played: playedBefore, isSpeaking: false)
    }

    private mutating func append(_ positions: Range<Int>) {
        if runCount > 0 {
            let newest = (firstRun + runCount - 1) % runs.count
            let run = runs[newest]
            if run.stream + run.length == streamRead, run.speech + run.length == positions.lowerBound {
                runs[newest].length += positions.count
                return
            }
        }
        // 64 runs in one device buffer are a device that holds minutes; the oldest then counts as heard early.
        if runCount == runs.count {
            heard = max(heard, runs[firstRun].speech + runs[firstRun].length)
            forgetOldest()
        }
        let index = (firstRun + runCount) % runs.count
        runs[index] = Run(stream: streamRead, speech: positions.lowerBound, length: positions.count)
        runCount += 1
    }

    private mutating func forgetOldest() {
        firstRun = (firstRun + 1) % runs.count
        runCount -= 1
    }
}
