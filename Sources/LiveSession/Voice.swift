package import LiveProtocol
import Synchronization

/// The user's voice on its way up: the far end of the voice ring behind a gate, with the marks that belong between its
/// samples. One for a conversation, whatever connections come and go.
///
/// Only passages of it are wanted, from `begin` to `end`, and each line is told of their edges in its own words. What
/// lies outside them is let go, but for the newest seconds: a passage may begin before the moment at which it is asked
/// for (pitfall 32).
///
/// While the gate is open the socket thread takes packets as the socket takes them; while it is closed the voice waits,
/// bounded by time, and what is dropped is counted (invariants 3 and 4, pitfalls 19 and 36). After a line that broke, the
/// last of what it took goes up once more, because how much of it arrived cannot be known.
package final class Voice: Sendable {
    /// What one packet holds: 20 ms (gemini-live §6 asks for 20–40 ms).
    package static let packet = 320

    /// Kept while no connection is live, or the live one takes nothing, to be sent when one does.
    package let backlog: Int
    /// Left when a live connection that took nothing moves again: older speech would be answered too late (pitfall 36).
    package let stall: Int

    /// Kept while none of it is wanted, for a passage that begins in the past.
    package let preRoll: Int

    /// What is said around a passage, encoded.
    package struct Marks: Sendable, Equatable {
        /// Empty on a line whose service notices by itself when somebody speaks.
        package var start: [UInt8]
        package var end: [UInt8]

        package init(start: [UInt8] = [], end: [UInt8] = []) {
            self.start = start
            self.end = end
        }

        /// Without the first mark no voice may be sent, and without the last no answer comes (pitfall 20).
        fileprivate var areManual: Bool { !start.isEmpty }
    }

    /// An edge of what is wanted, as a position of the voice ring.
    package enum PassageEdge: Equatable, Sendable {
        /// From here on; nothing where a passage goes on.
        case began(Int)
        /// Up to here; a later one may move the end forward.
        case ended(Int)
    }

    private let source: any MediaSource
    private let onPassage: @Sendable (PassageEdge) -> Void
    // SAFETY: these are touched only by whoever holds `isTaken`.
    private nonisolated(unsafe) var passages = VoicePassages()
    private nonisolated(unsafe) var marks = Marks()
    /// Of what waited when the gate opened, so much is still to be sent; it may be more than `stall`.
    private nonisolated(unsafe) var catchUp = 0
    private nonisolated(unsafe) var recent: RecentVoice

    /// Whoever set it may touch what it guards. The socket thread never waits for it: if the engine has it, the packet
    /// goes a moment later.
    private let isTaken = Atomic<Bool>(false)
    /// The connection for which the gate is open, as `Voice.name(of:)`; 0 when it is closed. Others are made ahead and
    /// may open meanwhile, and must not be given any voice.
    private let openFor = Atomic<UInt>(0)
    /// There is a passage.
    private let isWanted = Atomic<Bool>(false)
    private let bell = Bell()
    private let dropped = Atomic<Int>(0)
    private let sent = Atomic<Int>(0)

    /// Nothing is wanted yet.
    ///
    /// - Parameters:
    ///   - resent: how much of what a broken line took goes up again.
    ///   - onPassage: told of what is wanted as it changes, on the thread that changes it; must not block.
    package init(
        source: any MediaSource, backlog: Duration = .seconds(10), stall: Duration = .seconds(1),
        resent: Duration = .milliseconds(200), preRoll: Duration = .seconds(5),
        onPassage: @escaping @Sendable (PassageEdge) -> Void = { _ in }
    ) {
        self.source = source
        self.onPassage = onPassage
        unsafe recent = RecentVoice(capacity: resent.voiceSamples)
        self.backlog = backlog.voiceSamples
        self.stall = stall.voiceSamples
        self.preRoll = preRoll.voiceSamples
    }

    /// Samples handed to connections so far, without those that went up again.
    package var samplesSent: Int { sent.load(ordering: .relaxed) }

    /// Samples dropped so far: they were captured and wanted, and will never be sent.
    package var samplesDropped: Int { dropped.load(ordering: .relaxed) }

    /// Whether more waits than the packet that is being filled.
    package var isWaiting: Bool {
        var waiting = 0
        exclusively { waiting = wantedWaiting }
        return waiting >= 2 * Voice.packet
    }

    /// Samples captured so far: the position of the next one.
    package var captured: Int {
        var position = 0
        exclusively { position = source.position + source.available }
        return position
    }

    // MARK: What is wanted

    /// The voice from `position` on is wanted, as far as it is still there. Does nothing while a passage goes on.
    package func begin(from position: Int) {
        exclusively {
            letGo()
            unsafe passages.begin(from: position)
            unsafe catchUp = max(catchUp, wantedWaiting)
        }
        isWanted.store(true, ordering: .releasing)
        bell.ring()
        onPassage(.began(position))
    }

    /// The voice from `position` on is wanted no longer; it may lie ahead. What was captured before it still goes up.
    package func end(at position: Int) {
        exclusively { unsafe passages.end(at: position) }
        bell.ring()
        onPassage(.ended(position))
    }

    /// The service has shown that it knows of the end of the last passage: no new line is told of it.
    package func endArrived() {
        exclusively {
            unsafe passages.endArrived()
            if unsafe passages.isEmpty { unsafe recent.forget() }
        }
    }

    // MARK: The gate

    /// `connection` is live: what waited goes up, then the rest as it is captured.
    package func open(on connection: any Connection, marks: Marks = Marks()) {
        exclusively {
            unsafe self.marks = marks
            unsafe passages.lineOpened()
            letGo()
            trim(to: backlog)
            unsafe catchUp = max(1, wantedWaiting)
            unsafe recent.forget()  // unless the last line broke, it arrived
        }
        openFor.store(Voice.name(of: connection), ordering: .releasing)
        bell.hang(connection)
        bell.ring()
    }

    /// No connection is live: the voice waits.
    ///
    /// - Parameter resendsLast: the line broke, so what it took last may not have arrived.
    package func close(resendsLast: Bool = false) {
        openFor.store(0, ordering: .releasing)
        bell.hang(nil)
        exclusively {
            unsafe passages.lineEnded(isBroken: resendsLast)
            if resendsLast { unsafe recent.rewind() }
            isWanted.store(unsafe !passages.isEmpty, ordering: .relaxed)
        }
    }

    /// There will be no connection any more: what waits is dropped, and counted.
    package func abandon() {
        close()
        exclusively {
            letGo()
            trim(to: 0)
        }
    }

    /// A packet was captured. For the thread that writes the ring, a device's. RT safe: an atomic, and at most one
    /// write to wake the socket thread.
    package func arrived() {
        if openFor.load(ordering: .relaxed) != 0, isWanted.load(ordering: .relaxed) { bell.ring() }
    }

    /// Keeps what waits within its bound when nothing is being sent: call it about once a second.
    package func trimWaiting() {
        exclusively {
            letGo()
            trim(to: backlog)
        }
        arrived()  // the socket thread may have come by meanwhile, found the voice taken, and gone
    }

    /// Appends the next message to be sent on `connection`. Socket thread.
    ///
    /// - Returns: false when the gate is not open for it, or less than a packet waits.
    package func appendNext(
        to frame: inout [UInt8], dialect: any Dialect, on connection: any Connection
    ) -> Bool {
        guard openFor.load(ordering: .acquiring) == Voice.name(of: connection), tryTake() else { return false }
        defer { isTaken.store(false, ordering: .releasing) }
        while true {
            letGo()
            if unsafe catchUp <= 0, unsafe !recent.hasMore { trim(to: stall) }
            let waiting = source.position..<source.position + source.available
            switch unsafe passages.next(waiting, repeats: recent.hasMore) {
            case .begin:
                if unsafe passages.begun() { unsafe recent.forget() }
                frame += unsafe marks.start
                if unsafe marks.areManual { return true }
            case .voice(let most):
                if unsafe recent.take(Voice.packet, { dialect.appendVoice($0, $1, to: &frame) }) { return true }
                return appendVoice(to: &frame, atMost: most ?? Voice.packet, dialect: dialect)
            case .end:
                unsafe passages.ended()
                // There will be a pause, and a service that notices pauses wants nothing from before it after it.
                if unsafe !marks.areManual { unsafe recent.forget() }
                isWanted.store(unsafe !passages.isEmpty, ordering: .relaxed)
                frame += unsafe marks.end
                if unsafe !marks.end.isEmpty { return true }
            case nil: return false
            }
        }
    }

    /// - Returns: false when less than a packet waits, and it is not the last of a passage.
    private func appendVoice(to frame: inout [UInt8], atMost most: Int, dialect: any Dialect) -> Bool {
        var count = min(Voice.packet, most)
        // After a pause even a part of a packet goes at once: what comes next has waited for long enough.
        if unsafe catchUp > 0, source.available > 0 { count = min(count, source.available) }
        guard source.available >= count else { return false }
        unsafe catchUp -= count
        source.take(count) { first, second in
            dialect.appendVoice(first, second, to: &frame)
            unsafe recent.record(first)
            unsafe recent.record(second)
        }
        sent.add(count, ordering: .relaxed)
        return true
    }

    private static func name(of connection: any Connection) -> UInt {
        UInt(bitPattern: ObjectIdentifier(connection))
    }

    private var wantedWaiting: Int {
        unsafe passages.wanted(in: source.position..<source.position + source.available)
    }

    /// Gives up what no passage wants, and which none that is still to come will.
    private func letGo() {
        let unwanted = unsafe passages.start.map { max(0, $0 - source.position) }
        let kept = unwanted.map { max(0, source.available - $0) } ?? preRoll
        if source.available > kept { _ = source.keepNewest(kept) }
    }

    /// Drops the oldest, and counts what was wanted of it.
    private func trim(to count: Int) {
        let (position, excess) = (source.position, source.available - count)
        guard excess > 0 else { return }
        let lost = unsafe passages.wanted(in: position..<position + excess)
        _ = source.keepNewest(count)
        if lost > 0 { dropped.add(lost, ordering: .relaxed) }
    }

    private func tryTake() -> Bool {
        isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    }

    /// For the engine, which may wait: the socket thread holds it for the encoding of one packet at most.
    private func exclusively(_ body: () -> Void) {
        while !tryTake() {}
        body()
        isTaken.store(false, ordering: .releasing)
    }
}

/// The live connection, as far as the capture thread needs to know it.
private final class Bell: Sendable {
    // SAFETY: touched only by whoever holds `isTaken`.
    private nonisolated(unsafe) var connection: (any Connection)?
    private let isTaken = Atomic<Bool>(false)

    func hang(_ connection: (any Connection)?) {
        while !tryTake() {}
        unsafe self.connection = connection
        isTaken.store(false, ordering: .releasing)
    }

    /// RT safe. When the connection is just being changed nothing rings, and the next packet does.
    func ring() {
        guard tryTake() else { return }
        unsafe connection?.voiceIsWaiting()
        isTaken.store(false, ordering: .releasing)
    }

    private func tryTake() -> Bool {
        isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    }
}
