import Synchronization

/// The only truth about speaking and about what was heard: samples that left the device.
///
/// Readable from any thread; `PlaybackTimeline` writes it once per period, on the playback thread. Positions are those
/// of the `SpeechBuffer` that is played. Speech that was cut is never heard, although its positions are passed.
package final class PlaybackClock: Sendable {
    /// Interruptions that are remembered, so that what was heard of a turn can be asked later.
    static let cutsKept = 32

    private let heard = Atomic<Int>(0)
    private let played = Atomic<Int>(0)
    private let speaking = Atomic<Bool>(false)
    /// Cuts so far. Record `n % cutsKept` of `cuts` is whole before this passes `n`.
    private let cutCount = Atomic<Int>(0)
    private let cuts: Cuts
    private let stretches = HeardStretches()

    package init() { cuts = Cuts() }

    /// Speech before this position has left the device or was cut; what lies past it has not been heard. Grows only.
    package var heardPosition: Int { heard.load(ordering: .acquiring) }

    /// Speech is in the device and has not left it yet. False while speech is held: who must know whether an answer is
    /// over asks `SpeechBuffer.isHeld`, too.
    package var isSpeaking: Bool { speaking.load(ordering: .acquiring) }

    /// Frames that left the device since it was opened first, silence included, at the device's rate. Grows only.
    package var framesPlayed: Int { played.load(ordering: .relaxed) }

    /// How much of a stretch of speech has left the device: what a turn's listener heard of it so far.
    ///
    /// - Parameter positions: a turn's place in the `SpeechBuffer`. Interruptions are remembered for the last 32;
    ///   a stretch cut longer ago counts as heard.
    /// - Returns: samples at the buffer's rate, at most `positions.count`.
    package func heardSamples(in positions: Range<Int>) -> Int {
        let heard = heardPosition  // before the cuts: who sees a position sees every cut before it
        let count = cutCount.load(ordering: .acquiring)
        var samples = max(0, min(positions.upperBound, heard) - positions.lowerBound)
        // A record that is overwritten meanwhile begins at or past `heard`, so it takes nothing away.
        for index in max(0, count - Self.cutsKept)..<count {
            let unheard = cuts.load(index % Self.cutsKept).clamped(to: positions)
            samples -= max(0, min(unheard.upperBound, heard) - unheard.lowerBound)
        }
        return max(0, samples)
    }

    /// When the sample at a position left the device, by the machine's monotonic clock (time since boot, sleep
    /// excluded): over pauses, holds and devices that were opened anew, to a few milliseconds.
    ///
    /// - Returns: nil for what has not left it, was cut, or was heard more than 63 pauses ago.
    package func timeHeard(_ position: Int) -> Duration? { stretches.time(of: position) }

    /// The interruption published last; empty at 0 before the first. Playback thread only.
    var newestCut: Range<Int> {
        let count = cutCount.load(ordering: .relaxed)
        return count > 0 ? cuts.load((count - 1) % Self.cutsKept) : 0..<0
    }

    /// Playback thread only. RT safe.
    func publish(heard position: Int, played frames: Int, isSpeaking: Bool) {
        played.store(frames, ordering: .relaxed)
        heard.store(position, ordering: .releasing)
        speaking.store(isSpeaking, ordering: .releasing)
    }

    /// How far what is heard may be from where the device's rate says before a new stretch is begun: more than devices
    /// are wrong about what they hold, and less than anybody notices.
    private static let tolerance = 20_000_000

    /// Remembers when `positions` were heard. Playback thread only. RT safe.
    ///
    /// - Parameters:
    ///   - began: when the first of them left the device, time since boot.
    ///   - ended: when the last had.
    func publishHeard(_ positions: Range<Int>, began: Duration, ended: Duration, rate: SampleRate) {
        let heard = HeardStretches.Stretch(
            from: positions.lowerBound, to: positions.upperBound, began: began.nanoseconds, ended: ended.nanoseconds)
        let newest = stretches.newest
        let expected = newest.began + rate.duration(of: heard.to - newest.from).nanoseconds
        let isNew = heard.from != newest.to || abs(heard.ended - expected) > Self.tolerance
        stretches.note(heard, isNew: isNew)
    }

    /// Remembers that `positions` were dropped unheard. Playback thread only, before a position past them is
    /// published. RT safe.
    func publishCut(_ positions: Range<Int>) {
        let count = cutCount.load(ordering: .relaxed)
        cuts.store(count % Self.cutsKept, positions)
        cutCount.store(count + 1, ordering: .releasing)
    }
}

/// Room for the cuts, of which the newest overwrites the oldest.
@safe private final class Cuts: Sendable {
    private struct Cut: ~Copyable {
        let from = Atomic<Int>(0)
        let to = Atomic<Int>(0)
    }

    // SAFETY: the pointer never changes, and what it points to is atomic.
    private nonisolated(unsafe) let records: UnsafeMutablePointer<Cut>

    init() {
        unsafe records = .allocate(capacity: PlaybackClock.cutsKept)
        for index in 0..<PlaybackClock.cutsKept { unsafe (records + index).initialize(to: Cut()) }
    }

    deinit {
        unsafe records.deinitialize(count: PlaybackClock.cutsKept)
        unsafe records.deallocate()
    }

    /// May pair the newer start of a record with its older end while it is overwritten, which is empty; never the
    /// older start with the newer end.
    func load(_ index: Int) -> Range<Int> {
        let to = unsafe records[index].to.load(ordering: .acquiring)  // pairs with the release in `store`
        let from = unsafe records[index].from.load(ordering: .relaxed)
        return from..<max(from, to)
    }

    func store(_ index: Int, _ positions: Range<Int>) {
        unsafe records[index].from.store(positions.lowerBound, ordering: .relaxed)
        unsafe records[index].to.store(positions.upperBound, ordering: .releasing)
    }
}

extension Duration {
    /// For 292 years.
    var nanoseconds: Int {
        Int(components.seconds) * 1_000_000_000 + Int(components.attoseconds / 1_000_000_000)
    }
}
