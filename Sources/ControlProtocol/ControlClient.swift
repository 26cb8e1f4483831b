package import Events
import FlyingSocks
package import FoundationEssentials
import Glibc
package import LiveProtocol

/// A connection to a running daemon: calls its methods and takes the events that it was asked for.
///
/// Several calls may be under way at once. Whoever holds a client ends it with `close`.
package actor ControlClient {
    /// How long a daemon may take to answer; it waits for nobody then.
    package static let patience = Duration.seconds(5)

    private typealias Answer = Result<JSONValue, ControlError>

    private let path: String
    private let socket: AsyncSocket
    private let sleep: @Sendable (Duration) async throws -> Void
    private var nextID: Int64 = 1
    private var waiting: [Int64: CheckedContinuation<Answer, Never>] = [:]
    /// What the daemon said of no call when none was waiting: why it takes no client.
    private var refusal: RPC.Failure?
    private var isOver = false
    private var reader: Task<Void, Never>?

    /// Events until the daemon goes or the client is closed. For one reader.
    package nonisolated let notifications = NotificationFeed()

    /// An event as the daemon sent it.
    package struct Notification: Sendable, Equatable {
        package var name: String
        /// The event's JSON, as `--json` has it, without a line end.
        package var event: [UInt8]
    }

    /// - Parameters:
    ///   - limit: how long the daemon may take to let us in.
    ///   - sleep: as `Task.sleep` does it.
    /// - Throws: where no daemon listens, or it does not let us in.
    package static func connect(
        to path: String, within limit: Duration = .seconds(2),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) async throws(ControlError) -> ControlClient {
        guard path.utf8.count <= ControlPath.longest else { throw .pathTooLong(path) }
        do {
            let socket = try await AsyncSocket.connected(to: .unix(path: path), timeout: limit / .seconds(1))
            let client = ControlClient(path, socket, sleep)
            await client.read()
            return client
        } catch {
            throw .cannotConnect(path, error)
        }
    }

    private init(_ path: String, _ socket: AsyncSocket, _ sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.path = path
        self.socket = socket
        self.sleep = sleep
    }

    /// Calls a method and waits for its answer.
    ///
    /// - Throws: the daemon's refusal, that it went before it answered, or that it does not answer.
    package func call(
        _ method: String, _ params: [String: JSONValue] = [:], within patience: Duration = ControlClient.patience
    ) async throws(ControlError) -> JSONValue {
        guard !isOver else { throw whyOver }
        let id = nextID
        nextID += 1
        let line = RPC.Request(id: .number(id), method: method, params: params).json.line
        let limit = Task {
            guard (try? await sleep(patience)) != nil else { return }
            answer(id, .failure(.silent(path, patience)))
        }
        let answered = await withCheckedContinuation { continuation in
            waiting[id] = continuation
            Task { await send(line) }
        }
        limit.cancel()
        return try answered.get()
    }

    /// Ends the connection. What was called and not answered throws.
    package func close() {
        guard !isOver else { return }  // the descriptor may be somebody else's by now
        shutdown(socket.socket.file.rawValue, CInt(SHUT_RDWR))
    }

    private var whyOver: ControlError { refusal.map(ControlError.refused) ?? .gone(path) }

    private func answer(_ id: Int64, _ answer: Answer) { waiting.removeValue(forKey: id)?.resume(returning: answer) }

    private func send(_ line: Data) async {
        // Calls are short; the daemon reads them in the order in which they were written. What it said before it went
        // is still to be read.
        do { try await socket.write(line) } catch { close() }
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
            notifications.put(notification)
        } else if let reply = RPC.reply(line) {
            take(reply)
        }
    }

    /// An error that names no call is about a line that the daemon could not read, or about the connection: about all
    /// calls that wait.
    private func take(_ reply: RPC.Reply) {
        switch (reply.id, reply.outcome) {
        case (.number(let id), let outcome): answer(id, outcome.mapError(ControlError.refused))
        case (.none, .failure(let failure)) where waiting.isEmpty: refusal = failure
        case (.none, .failure(let failure)): answerAll(.refused(failure))
        case (.none, .success), (.string, _): break
        }
    }

    private func answerAll(_ error: ControlError) {
        for id in waiting.keys { answer(id, .failure(error)) }
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        try? socket.close()
        notifications.finish()
        answerAll(whyOver)
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
