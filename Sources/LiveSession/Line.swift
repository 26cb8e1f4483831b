package import LiveProtocol
import Synchronization

/// What a line tells its engine, in the order it happened.
package enum LineEvent: Sendable, Equatable {
    case opened
    /// The rest of one or more messages; speech itself is already at the sink.
    /// - Parameter received: samples of speech received when these were handled.
    case received([LiveEvent], received: Int)
    /// A message that could not be read; the session goes on without it.
    case undecodable(DecodingFailure)
    case ended(Disconnection)
}

/// One connection's end on the socket thread: encodes voice as the socket takes it, decodes what comes, and hands the
/// engine what it must decide on. Audio never passes the engine: it opens and closes the gate, that is all.
///
/// A line serves one connection, and is used up with it. Its `Voice` outlives it, so what is captured while no
/// connection is live waits there.
package final class Line: ConnectionHandler {
    private let dialect: any Dialect
    private let voice: Voice
    private let speech: any MediaSink
    private let tell: @Sendable (LineEvent) -> Void
    /// Events told and not yet handled. A service that floods its client, or an engine that stands still, must not let
    /// them grow without bound: beyond it the line is given up, because a reconnect beats a silent gap.
    private let untaken = Atomic<Int>(0)
    package static let mostUntaken = 4_096
    /// What those events hold, by `LineEvent.bytes`. The same goes for it: one of them may hold megabytes.
    private let untakenBytes = Atomic<Int>(0)
    package static let mostUntakenBytes = 64 << 20
    /// Socket thread only.
    private let isGivenUp = Atomic<Bool>(false)
    /// Speech has been announced since the last flag that ends or cuts an answer; more of it needs no event. Socket
    /// thread only.
    private let isSpeechAnnounced = Atomic<Bool>(false)

    /// - Parameter tell: called on the socket thread; must not block.
    package init(
        dialect: any Dialect, voice: Voice, speech: any MediaSink, tell: @escaping @Sendable (LineEvent) -> Void
    ) {
        self.dialect = dialect
        self.voice = voice
        self.speech = speech
        self.tell = tell
    }

    /// The engine has handled this event of the line.
    package func eventHandled(_ event: LineEvent) {
        untakenBytes.subtract(event.bytes, ordering: .relaxed)
        untaken.subtract(1, ordering: .relaxed)
    }

    package func connectionOpened(_ connection: any Connection) { tell(.opened, connection) }

    package func connection(_ connection: any Connection, received message: Span<UInt8>) {
        var events: [LiveEvent] = []
        do throws(DecodingFailure) {
            try dialect.decode(message, speech: speech, events: &events)
        } catch {
            tell(.undecodable(error), connection)
        }
        if isWorthTelling(events) { tell(.received(events, received: speech.position), connection) }
    }

    package func connection(_ connection: any Connection, nextVoiceMessage frame: inout [UInt8]) -> Bool {
        voice.appendNext(to: &frame, dialect: dialect, on: connection)
    }

    package func connection(_ connection: any Connection, ended reason: Disconnection) {
        speech.endOfSpeech()  // what came of an answer plays to its end
        tell(.ended(reason))
    }

    private func tell(_ event: LineEvent, _ connection: any Connection) {
        guard !isGivenUp.load(ordering: .relaxed) else { return }
        let count = untaken.add(1, ordering: .relaxed).newValue
        let bytes = untakenBytes.add(event.bytes, ordering: .relaxed).newValue
        let isTooMuch = bytes > Line.mostUntakenBytes
        if count == Line.mostUntaken || isTooMuch {
            isGivenUp.store(true, ordering: .relaxed)
            connection.abandon()
        }
        if !isTooMuch { tell(event) }
    }

    /// Waking the engine for every 40 ms of speech would cost more than the speech: only the first message of an
    /// answer tells it, and whatever carries more than speech.
    private func isWorthTelling(_ events: [LiveEvent]) -> Bool {
        if case .speech = events.first, events.count == 1 {
            return !isSpeechAnnounced.exchange(true, ordering: .relaxed)
        }
        for event in events {
            switch event {
            case .interrupted, .generationCompleted, .turnCompleted: isSpeechAnnounced.store(false, ordering: .relaxed)
            case .speech: isSpeechAnnounced.store(true, ordering: .relaxed)
            default: break
            }
        }
        return !events.isEmpty
    }
}
