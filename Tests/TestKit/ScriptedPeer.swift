internal import Glibc
import Synchronization

/// A WebSocket server that says what its script says, byte by byte. It shares no code with the client, so a mistake
/// cannot agree with itself.
///
/// The script runs on a thread of its own for every connection; when it returns or throws, the connection ends.
package final class ScriptedPeer: Sendable {
    private struct State {
        var heads: [String] = []
        var failures: [String] = []
    }

    private final class Log: Sendable { let state = Mutex(State()) }

    private let log = Log()
    private let listener: Listener

    package var port: Int { listener.port }

    /// The heads of all requests seen so far, in order of arrival.
    package var heads: [String] { log.state.withLock { $0.heads } }

    /// What scripts threw.
    package var failures: [String] { log.state.withLock { $0.failures } }

    /// - Parameter receiveBuffer: bytes the kernel may hold unread; small ones make a stalled peer felt soon.
    package init(
        receiveBuffer: CInt? = nil, script: @escaping @Sendable (PeerConnection) throws -> Void
    ) throws {
        listener = try Listener(receiveBuffer: receiveBuffer) { [log] socket in
            startTestThread {
                do {
                    let connection = try PeerConnection(socket)
                    log.state.withLock { $0.heads.append(connection.head) }
                    try script(connection)
                } catch {
                    log.state.withLock { $0.failures.append("\(error)") }
                }
            }
        }
    }

    package func stop() { listener.stop() }
}

/// The server's side of one connection. Script thread only.
package final class PeerConnection {
    package struct Frame: Equatable, Sendable {
        package var isFinal: Bool
        package var opcode: UInt8
        package var payload: [UInt8]

        package init(isFinal: Bool = true, opcode: UInt8, payload: [UInt8]) {
            (self.isFinal, self.opcode, self.payload) = (isFinal, opcode, payload)
        }

        package var text: String { String(decoding: payload, as: UTF8.self) }
    }

    package let socket: ByteSocket
    /// The request line and headers, without the empty line.
    package let head: String
    private var unread: [UInt8]
    private var consumed = 0

    /// Reads the request's head.
    init(_ socket: ByteSocket) throws {
        self.socket = socket
        var bytes: [UInt8] = []
        while true {
            let more = try socket.read()
            guard !more.isEmpty else { throw ByteSocket.Failure(text: "the client left before its request was whole") }
            bytes += more
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                unread = Array(bytes[end.upperBound...])
                return
            }
        }
    }

    /// A header's value, whatever the case of its name.
    package func header(_ name: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else {
                continue
            }
            return String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return nil
    }

    // MARK: Saying

    /// The bytes of the answer that accepts the upgrade.
    package func acceptance() -> [UInt8] {
        let key = (header("Sec-WebSocket-Key") ?? "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        let accept = base64(sha1(Array(key.utf8)))
        return Array(
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: \(accept)\r\n\r\n").utf8)
    }

    package func accept() throws { try socket.write(acceptance()) }

    /// Answers with another status than 101.
    ///
    /// - Parameter pause: time between head and body, for real: whether the client waits for the body is what is tested.
    package func refuse(_ status: String, headers: [String] = [], body: String, pause: Duration = .zero) throws {
        let length =
            headers.contains { $0.lowercased().hasPrefix("transfer-encoding") }
            ? [] : ["Content-Length: \(body.utf8.count)"]
        try socket.write(Array("HTTP/1.1 \(status)\r\n\((headers + length).joined(separator: "\r\n"))\r\n\r\n".utf8))
        if pause > .zero { usleep(useconds_t(pause / .microseconds(1))) }
        try socket.write(Array(body.utf8))
    }

    /// A frame as a server sends it: not masked.
    package static func encode(_ frame: Frame) -> [UInt8] {
        let count = frame.payload.count
        var bytes: [UInt8] = [(frame.isFinal ? 0x80 : 0) | frame.opcode]
        switch count {
        case ..<126: bytes.append(UInt8(count))
        case ..<65536: bytes += [126, UInt8(count >> 8), UInt8(count & 255)]
        default: bytes += [127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
        }
        return bytes + frame.payload
    }

    package func send(_ frame: Frame) throws { try socket.write(Self.encode(frame)) }

    package func send(text: String) throws { try send(Frame(opcode: 1, payload: Array(text.utf8))) }

    package func sendClose(_ code: UInt16, _ reason: String = "") throws {
        try send(Frame(opcode: 8, payload: [UInt8(code >> 8), UInt8(code & 255)] + Array(reason.utf8)))
    }

    // MARK: Hearing

    /// The next frame, unmasked; nil at the end of the stream. A frame that is not masked fails, as RFC 6455 demands.
    package func readFrame() throws -> Frame? {
        guard let start = try take(2) else { return nil }
        guard start[1] & 0x80 != 0 else { throw ByteSocket.Failure(text: "a frame of the client is not masked") }
        var count = Int(start[1] & 0x7f)
        if count >= 126 {
            guard let length = try take(count == 126 ? 2 : 8) else { return nil }
            count = length.reduce(0) { $0 << 8 | Int($1) }
        }
        guard let mask = try take(4), var payload = try take(count) else { return nil }
        for i in payload.indices { payload[i] ^= mask[i & 3] }
        return Frame(isFinal: start[0] & 0x80 != 0, opcode: start[0] & 15, payload: payload)
    }

    /// The body of a plain request; nil at the end of the stream.
    package func readBody(_ count: Int) throws -> [UInt8]? { try take(count) }

    private func take(_ count: Int) throws -> [UInt8]? {
        while unread.count - consumed < count {
            let more = try socket.read(atMost: 256 << 10)
            if more.isEmpty { return nil }
            if consumed > 0 { unread.removeFirst(exchangeConsumed()) }
            unread += more
        }
        defer { consumed += count }
        return Array(unread[consumed..<consumed + count])
    }

    private func exchangeConsumed() -> Int {
        defer { consumed = 0 }
        return consumed
    }
}
