import LiveProtocol
import LiveTransport
import Synchronization
import Testing

/// A connection's handler that writes down what it is told, and hands out voice when it has some.
final class Witness: ConnectionHandler {
    enum Event: Equatable, Sendable {
        case opened
        case message([UInt8])
        case ended(Disconnection)
    }

    private let events: AsyncStream<Event>
    private let feed: AsyncStream<Event>.Continuation
    private let voice = Mutex<[[UInt8]]>([])
    private let endCount = Atomic<Int>(0)

    init() { (events, feed) = AsyncStream.makeStream(of: Event.self) }

    func connectionOpened(_ connection: any Connection) { feed.yield(.opened) }

    func connection(_ connection: any Connection, received message: Span<UInt8>) {
        feed.yield(.message(message.withUnsafeBufferPointer { Array($0) }))
    }

    func connection(_ connection: any Connection, nextVoiceMessage frame: inout [UInt8]) -> Bool {
        voice.withLock { waiting in
            guard !waiting.isEmpty else { return false }
            frame += waiting.removeFirst()
            return true
        }
    }

    func connection(_ connection: any Connection, ended reason: Disconnection) {
        endCount.add(1, ordering: .relaxed)
        feed.yield(.ended(reason))
        feed.finish()
    }

    func say(_ message: String, on connection: any Connection) {
        voice.withLock { $0.append(Array(message.utf8)) }
        connection.voiceIsWaiting()
    }

    /// How often it was told of the end.
    var ends: Int { endCount.load(ordering: .relaxed) }

    /// Voice messages nobody has asked for yet.
    var voiceWaiting: Int { voice.withLock { $0.count } }

    /// The next event; nil after the end.
    func next() async -> Event? {
        var iterator = events.makeAsyncIterator()
        return await iterator.next()
    }

    /// The next message as text; fails on anything else.
    func nextText() async throws -> String {
        guard case .message(let bytes) = await next() else { throw Surprise() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits for the end, whatever comes before it.
    func end() async throws -> Disconnection {
        while let event = await next() { if case .ended(let reason) = event { return reason } }
        throw Surprise()
    }

    struct Surprise: Error {}
}

extension Endpoint {
    static func local(_ port: Int, path: String = "/", headers: [Header] = []) -> Endpoint {
        Endpoint(host: "127.0.0.1", port: port, isSecure: false, path: path, headers: headers)
    }
}
