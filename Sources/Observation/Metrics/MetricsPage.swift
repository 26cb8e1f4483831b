import FlyingSocks
import FoundationEssentials
import Glibc

/// Serves one page over HTTP 1.1: `GET /metrics`, one answer a connection, to a few clients at a time.
final class MetricsPage: Sendable {
    private static let mostClients = 16
    /// A request's head, bytes.
    private static let longestHead = 8_192
    /// For one client, from its coming to its answer.
    private static let patience = Duration.seconds(5)

    private let listener: Socket
    /// Of a socket in the file system, which goes with this.
    private let path: String?
    private let text: @Sendable () async -> String

    /// Listens; clients that come before `run` wait.
    ///
    /// - Parameter text: the page as it is now.
    /// - Throws: where the place is taken, or not to be had.
    init(at address: MetricsAddress, text: @escaping @Sendable () async -> String) throws(ObservationError) {
        self.text = text
        path = if case .socket(let path) = address { path } else { nil }
        do {
            listener = try Self.listen(at: address)
        } catch {
            throw ObservationError(
                .system, "The page of metrics.listen cannot be served: \(error)",
                remedy: "Name another port or path, or end what serves there.")
        }
    }

    deinit { if let path { unlink(path) } }

    private static func listen(at address: MetricsAddress) throws -> Socket {
        switch address {
        case .port("::1", let port):
            return try listen(Socket(domain: CInt(AF_INET6)), at: .inet6(ip6: "::1", port: port))
        case .port(let host, let port):
            return try listen(Socket(domain: CInt(AF_INET)), at: .inet(ip4: host, port: port))
        case .socket(let path):
            try removeStale(path)
            let mask = umask(0o177)
            defer { umask(mask) }
            return try listen(Socket(domain: CInt(AF_UNIX)), at: .unix(path: path))
        }
    }

    private static func listen(_ socket: Socket, at address: some SocketAddress) throws -> Socket {
        _ = fcntl(socket.file.rawValue, F_SETFD, FD_CLOEXEC)
        try socket.setValue(true, for: .localAddressReuse)
        try socket.bind(to: address)
        try socket.listen()
        return socket
    }

    /// A socket that nobody answers at was left by one that died.
    private static func removeStale(_ path: String) throws {
        var found = stat()
        guard lstat(path, &found) == 0, found.st_mode & S_IFMT == S_IFSOCK else { return }
        let socket = try Socket(domain: CInt(AF_UNIX))
        defer { try? socket.close() }
        if (try? socket.connect(to: .unix(path: path))) == nil { unlink(path) }
    }

    /// Serves until it is cancelled.
    func run() async {
        let pool = SocketPool.make()
        guard (try? await pool.prepare()) != nil, let listener = try? AsyncSocket(socket: listener, pool: pool) else {
            return
        }
        await withDiscardingTaskGroup { group in
            group.addTask { try? await pool.run() }
            await withTaskGroup(of: Void.self) { clients in
                var count = 0
                while !Task.isCancelled {
                    guard let client = try? await listener.accept() else {
                        // One that went before it was let in, or no descriptor for it.
                        try? await Task.sleep(for: .milliseconds(50))
                        continue
                    }
                    if count == Self.mostClients {
                        await clients.next()
                        count -= 1
                    }
                    clients.addTask { await self.serve(client) }
                    count += 1
                }
            }
            group.cancelAll()
        }
        try? listener.close()
    }

    private func serve(_ client: AsyncSocket) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard let head = await Self.head(of: client) else { return }
                try? await client.write(Data(await self.answer(to: head).utf8))
            }
            group.addTask { try? await Task.sleep(for: Self.patience) }
            await group.next()
            group.cancelAll()
        }
        try? client.close()
    }

    /// - Returns: the request line; nil for a client that goes, or goes on for too long.
    private static func head(of client: AsyncSocket) async -> String? {
        var bytes: [UInt8] = []
        while bytes.count < longestHead, let more = try? await client.read(atMost: 4_096), !more.isEmpty {
            bytes += more
            let text = String(decoding: bytes, as: UTF8.self)
            if text.contains("\r\n\r\n") || text.contains("\n\n") {
                return text.split(whereSeparator: \.isNewline).first.map(String.init)
            }
        }
        return nil
    }

    private func answer(to requestLine: String) async -> String {
        let words = requestLine.split(separator: " ")
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return Self.answer("400 Bad Request") }
        guard words[0] == "GET" || words[0] == "HEAD" else {
            return Self.answer("405 Method Not Allowed", more: "Allow: GET, HEAD\r\n")
        }
        guard words[1].prefix(while: { $0 != "?" }) == "/metrics" else {
            return Self.answer("404 Not Found", "The page is /metrics.\n")
        }
        return Self.answer(
            "200 OK", await text(), type: "text/plain; version=0.0.4; charset=utf-8", isHead: words[0] == "HEAD")
    }

    private static func answer(
        _ status: String, _ body: String = "", type: String = "text/plain; charset=utf-8", more: String = "",
        isHead: Bool = false
    ) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\(more)Connection: close\r\n\r\n"
            + (isHead ? "" : body)
    }
}
