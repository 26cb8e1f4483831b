package import LiveProtocol
import Synchronization

/// The user's voice on its way up: the far end of the voice ring behind a gate, with the marks that belong between its
/// samples. One for a conversation, whatever connections come and go.
///
/// While the gate is open the socket thread takes packets as the socket takes them; while it is closed the voice waits,
/// bounded by time, and what is dropped is counted (invariants 3 and 4, pitfalls 19 and 36). After a line that broke, the
/// last of what it took goes up once more, because how much of it arrived cannot be known.
package final class Voice: Sendable {
    /// What one packet holds: 20 ms (gemini-live §6 asks for 20–40 ms).
    package static let packet = 320
    private static let rate = 16_000

    /// Kept while no connection is live, or the live one takes nothing, to be sent when one does.
    package let backlog: Int
    /// Left when a live connection that took nothing moves again: older speech would be answered too late (pitfall 36).
    package let stall: Int

    private struct Mark {
        /// The voice before this position goes first.
        var position: Int
        var message: [UInt8]
    }

    private let source: any MediaSource
    // SAFETY: these are touched only by whoever holds `isTaken`.
    private nonisolated(unsafe) var marks: [Mark] = []
    /// Of what waited when the gate opened, so much is still to be sent; it may be more than `stall`.
    private nonisolated(unsafe) var catchUp = 0
    private nonisolated(unsafe) var recent: RecentVoice

    /// Whoever set it may touch what it guards. The socket thread never waits for it: if the engine has it, the packet
    /// goes a moment later.
    private let isTaken = Atomic<Bool>(false)
    /// The connection for which the gate is open, as `Voice.name(of:)`; 0 when it is closed. Others are made ahead and
    /// may open meanwhile, and must not be given any voice.
    private let openFor = Atomic<UInt>(0)
    private let markCount = Atomic<Int>(0)
    private let bell = Bell()
    private let dropped = Atomic<Int>(0)
    private let sent = Atomic<Int>(0)

    /// - Parameter resent: how much of what a broken line took goes up again.
    package init(
        source: any MediaSource, backlog: Duration = .seconds(10), stall: Duration = .seconds(1),
        resent: Duration = .milliseconds(200)
    ) {
        self.source = source
        unsafe recent = RecentVoice(capacity: Voice.samples(in: resent))
        self.backlog = Voice.samples(in: backlog)
        self.stall = Voice.samples(in: stall)
    }

    /// Samples handed to connections so far, without those that went up again.
    package var samplesSent: Int { sent.load(ordering: .relaxed) }

    /// Samples dropped so far: they were captured and will never be sent.
    package var samplesDropped: Int { dropped.load(ordering: .relaxed) }

    /// Whether more waits than the packet that is being filled.
    package var isWaiting: Bool {
        var waiting = 0
        exclusively { waiting = source.available }
        return waiting >= 2 * Voice.packet
    }

    /// `connection` is live: what waited goes up, then the rest as it is captured.
    package func open(on connection: any Connection) {
        exclusively {
            trim(to: backlog)
            unsafe catchUp = max(1, source.available)
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
        if resendsLast { exclusively { unsafe recent.rewind() } }
    }

    /// There will be no connection any more: what waits is dropped, and counted.
    package func abandon() {
        close()
        exclusively { trim(to: 0) }
    }

    /// A packet was captured. For the thread that writes the ring, a device's. RT safe: an atomic, and at most one
    /// write to wake the socket thread.
    package func arrived() {
        if openFor.load(ordering: .relaxed) != 0 { bell.ring() }
    }

    /// Keeps what waits within its bound when nothing is being sent: call it about once a second.
    package func trimWaiting() {
        exclusively { trim(to: backlog) }
        arrived()  // the socket thread may have come by meanwhile, found the voice taken, and gone
    }

    /// Puts a message behind all voice captured so far: the end of the stream, or the marks of manual turns.
    package func mark(_ message: [UInt8]) {
        exclusively {
            unsafe marks.append(Mark(position: source.position + source.available, message: message))
        }
        markCount.add(1, ordering: .releasing)
        bell.ring()
    }

    /// Appends the next message to be sent on `connection`. Socket thread.
    ///
    /// - Returns: false when the gate is not open for it, or less than a packet waits.
    package func appendNext(
        to frame: inout [UInt8], dialect: any Dialect, on connection: any Connection
    ) -> Bool {
        guard openFor.load(ordering: .acquiring) == Voice.name(of: connection), tryTake() else { return false }
        defer { isTaken.store(false, ordering: .releasing) }
        if unsafe recent.take(Voice.packet, { dialect.appendVoice($0, $1, to: &frame) }) { return true }
        let waiting = source.available
        var count = Voice.packet
        if unsafe catchUp > 0 {
            // After a pause even a part of a packet goes at once: what comes next has waited for long enough.
            if waiting > 0 { count = min(count, waiting) }
        } else {
            trim(to: stall)
        }
        if markCount.load(ordering: .acquiring) > 0, let mark = unsafe marks.first {
            let before = mark.position - source.position
            if before <= 0 {
                unsafe marks.removeFirst()
                markCount.subtract(1, ordering: .relaxed)
                unsafe recent.forget()  // there will be a pause, and nothing from before it is wanted after it
                frame += mark.message
                return true
            }
            count = min(count, before)
        }
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

    private func trim(to count: Int) {
        let lost = source.keepNewest(count)
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

    private static func samples(in duration: Duration) -> Int {
        let parts = duration.components
        return Int(parts.seconds) * rate + Int(parts.attoseconds / 1_000_000_000_000_000) * rate / 1000
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
