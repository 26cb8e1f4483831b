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
