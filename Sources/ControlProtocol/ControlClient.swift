package import Events
import FlyingSocks
package import FoundationEssentials
import Glibc
package import LiveProtocol
import Synchronization

/// A connection to a running daemon: calls its methods and takes the events that it was asked for.
///
/// Several calls may be under way at once. Whoever holds a client ends it with `close`.
package actor ControlClient {
    private let path: String
    private let socket: AsyncSocket
    private var nextID: Int64 = 1
    private var waiting: [Int64: CheckedContinuation<RPC.Outcome, Never>] = [:]
    private var isOver = false
    // Bound: what the daemon sends while nobody reads; it drops events of a slow reader itself and tells of it.
    private let feed = AsyncStream.makeStream(of: Notification.self, bufferingPolicy: .bufferingOldest(4_096))
    private var reader: Task<Void, Never>?

    /// An event as the daemon sent it.
    package struct Notification: Sendable, Equatable {
        package var name: String
        /// The event's JSON, as `--json` has it, without a line end.
        package var event: [UInt8]
    }

    /// Events until the daemon goes or the client is closed. For one reader.
    package nonisolated var notifications: AsyncStream<Notification> { feed.stream }

    /// - Throws: where no daemon listens, or it does not let us in.
    package static func connect(to path: String) async throws(ControlError) -> ControlClient {
        guard path.utf8.count <= ControlPath.longest else { throw .pathTooLong(path) }
        do {
            let client = ControlClient(path, try await AsyncSocket.connected(to: .unix(path: path), timeout: 2))
            await client.read()
            return client
        } catch {
            throw .cannotConnect(path, error)
        }
    }

    private init(_ path: String, _ socket: AsyncSocket) {
        self.path = path
        self.socket = socket
    }

    /// Calls a method and waits for its answer.
    ///
    /// - Throws: the daemon's refusal, or that it went before it answered.
    package func call(_ method: String, _ params: [String: JSONValue] = [:]) async throws(ControlError) -> JSONValue {
        guard !isOver else { throw .gone(path) }
        let id = nextID
        nextID += 1
        let line = RPC.Request(id: .number(id), method: method, params: params).json.line
        let outcome = await withCheckedContinuation { continuation in
            waiting[id] = continuation
            Task { await send(line) }
        }
        switch outcome {
        case .success(let result): return result
        case .failure(let failure) where failure == Self.goneFailure: throw .gone(path)
        case .failure(let failure): throw .refused(failure)
        }
    }

    /// Ends the connection. What was called and not answered throws.
    package func close() {
        shutdown(socket.socket.file.rawValue, CInt(SHUT_RDWR))
    }

    private static let goneFailure = RPC.Failure(0, "")

    private func send(_ line: Data) async {
        // Calls are short; the daemon reads them in the order in which they were written.
        do { try await socket.write(line) } catch { end() }
    }

    private func read() {
        reader = Task {
            var lines = LineSplitter(longest: 4 << 20)
            while let bytes = try? await socket.read(atMost: 4_096), !bytes.isEmpty {
                for case .line(let line) in lines.take(bytes) { take(line) }
            }
            end()
        }
    }

    private func take(_ line: [UInt8]) {
        if let notification = Notification(line) {
            feed.continuation.yield(notification)
        } else if let reply = RPC.reply(line), case .number(let id) = reply.id {
            waiting.removeValue(forKey: id)?.resume(returning: reply.outcome)
        }
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        try? socket.close()
        feed.continuation.finish()
        for continuation in waiting.values { continuation.resume(returning: .failure(Self.goneFailure)) }
        waiting = [:]
    }
}

extension ControlClient.Notification {
    private static let head = Array(#"{"jsonrpc":"2.0","method":""#.utf8)
    private static let middle = Array(#"","params":"#.utf8)

    /// The line by which a daemon tells of an event, with its end.
    package static func line(_ name: String, event json: String) -> Data {
        var line = Data(head)
        line.append(contentsOf: name.utf8)
        line.append(contentsOf: middle)
        line.append(contentsOf: json.utf8)
        line.append(contentsOf: "}\n".utf8)
        return line
    }

    /// Nil for a line of another kind.
    fileprivate init?(_ line: [UInt8]) {
        guard line.starts(with: Self.head), line.last == UInt8(ascii: "}") else { return nil }
        let rest = line.dropFirst(Self.head.count).dropLast()
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")), rest[end...].starts(with: Self.middle) else {
            return nil
        }
        name = String(decoding: rest[..<end], as: UTF8.self)
        event = Array(rest[(end + Self.middle.count)...])
    }
}

extension ControlClient.Notification {
    /// Nil for an event of a kind that this version does not know.
    package var decoded: Event? {
        JSONValue(line: event).flatMap(Event.init)
    }
}
