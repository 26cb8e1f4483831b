import FlyingSocks
import Foundation

/// A WebSocket client of a few lines that shares nothing with the service's own framing.
final class LiveClient: Sendable {
    enum Message: Equatable {
        case text(String)
        case binary([UInt8])
        case pong([UInt8])
        case close(code: Int, reason: String)
        /// The TCP connection ended without a close frame.
        case dropped
    }

    struct Refused: Error {
        let status: Int
        let body: String
    }

    static let path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"

    private let socket: AsyncSocket

    private init(_ socket: AsyncSocket) {
        self.socket = socket
    }

    /// - Parameter url: as the service reports it.
    /// - Throws: `Refused` when the upgrade is answered with anything but 101.
    static func connect(
        _ url: String, path: String = path, headers: [String: String] = [:]
    ) async throws -> LiveClient {
        let parts = url.dropFirst("ws://".count).split(separator: ":")
        let port = UInt16(parts[1]) ?? 0
        let client = LiveClient(
            try await AsyncSocket.connected(to: .inet(ip4: String(parts[0]), port: port), timeout: 30))
        var request = "GET \(path) HTTP/1.1\r\nHost: \(parts[0])\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        request += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        for (name, value) in headers { request += "\(name): \(value)\r\n" }
        try await client.socket.write(Data((request + "\r\n").utf8))
        var head = ""
        while !head.hasSuffix("\r\n\r\n") { head.unicodeScalars.append(.init(try await client.socket.read())) }
        let lines = head.split(separator: "\r\n")
        let status = Int(lines[0].split(separator: " ")[1]) ?? 0
        guard status != 101 else { return client }
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }.flatMap {
            Int($0.split(separator: " ")[1])
        }
        let body = try await client.socket.read(bytes: length ?? 0)
        throw Refused(status: status, body: String(decoding: body, as: UTF8.self))
    }

    /// Connects and is past `setupComplete`.
    static func session(_ url: String, setup members: String = "") async throws -> LiveClient {
        let client = try await connect(url)
        try await client.send(#"{"setup":{"model":"models/gemini-3.8-live"\#(members)}}"#)
        while try await client.json()["setupComplete"] == nil {}
        return client
    }

    func send(_ text: String) async throws {
        try await send(opcode: 1, Array(text.utf8))
    }

    /// - Parameter isFinal: false for a piece of a message that goes on with opcode 0.
    func send(opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) async throws {
        var frame: [UInt8] = [isFinal ? 0x80 | opcode : opcode]
        switch payload.count {
        case ..<126: frame.append(0x80 | UInt8(payload.count))
        case ..<65_536: frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            frame.append(0x80 | 127)
            for shift in stride(from: 56, through: 0, by: -8) { frame.append(UInt8(payload.count >> shift & 0xFF)) }
        }
        let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        frame += mask
        var data = Data(frame)
        data.append(contentsOf: payload.enumerated().map { $1 ^ mask[$0 % 4] })
        try await socket.write(data)
    }

    func receive() async throws -> Message {
        do {
            let (head, payload) = try await anyFrame()
            switch head & 0x0F {
            case 1: return .text(String(decoding: payload, as: UTF8.self))
            case 2: return .binary(payload)
            case 8:
                let code = payload.count < 2 ? 1005 : Int(payload[0]) << 8 | Int(payload[1])
                return .close(code: code, reason: String(decoding: payload.dropFirst(2), as: UTF8.self))
            default: return .pong(payload)
            }
        } catch SocketError.disconnected {
            return .dropped
        } catch SocketError.failed(_, errno: ECONNRESET, _) {
            // Where what was sent had not been read before the end.
            return .dropped
        }
    }

    /// The payload of the next frame, whatever it is.
    func frame() async throws -> [UInt8] { try await anyFrame().payload }

    /// The payloads of the frames of the next message.
    func fragments() async throws -> [[UInt8]] {
        var payloads: [[UInt8]] = []
        while true {
            let (head, payload) = try await anyFrame()
            payloads.append(payload)
            if head & 0x80 != 0 { return payloads }
        }
    }

    /// The bytes of the next TCP segment, or of as many as have come.
    func available() async throws -> [UInt8] { try await socket.read(atMost: 4_096) }

    /// Writes until no more fits, and no longer. - Returns: how many bytes.
    func fill() throws -> Int {
        let zeros = Data(count: 64 << 10)
        var count = 0
        while let written = try? socket.socket.write(zeros, from: 0), count < 64 << 20 { count += written }
        return count
    }

    /// The first byte of a frame, and its payload without the mask that no server should use.
    private func anyFrame() async throws -> (head: UInt8, payload: [UInt8]) {
        let head = try await socket.read(bytes: 2)
        var length = Int(head[1] & 0x7F)
        if length == 126 { length = try await number(2) }
        if length == 127 { length = try await number(8) }
        guard head[1] & 0x80 != 0 else { return (head[0], try await socket.read(bytes: length)) }
        let mask = try await socket.read(bytes: 4)
        let payload = try await socket.read(bytes: length)
        return (head[0], payload.enumerated().map { $1 ^ mask[$0 % 4] })
    }

    /// The next message as Foundation's own JSON reader sees it.
    func json() async throws -> [String: Any] {
        switch try await receive() {
        case .text(let text): return try Self.object(Data(text.utf8))
        case .binary(let bytes): return try Self.object(Data(bytes))
        case let other: throw Unexpected(message: other)
        }
    }

    /// Waits for the service to close, passing over everything before.
    func closing() async throws -> Message {
        while true {
            let message = try await receive()
            switch message {
            case .close, .dropped: return message
            default: continue
            }
        }
    }

    /// Everything of one answer, up to and with its `turnComplete`.
    func turn() async throws -> Turn {
        var turn = Turn()
        while !turn.isComplete {
            let message = try await json()
            if let calls = message["toolCall"] as? [String: Any] {
                turn.calls += calls["functionCalls"] as? [[String: Any]] ?? []
                turn.order.append("toolCall")
                return turn
            }
            guard let content = message["serverContent"] as? [String: Any] else { continue }
            turn.add(content)
            turn.usage = message["usageMetadata"] as? [String: Any] ?? turn.usage
        }
        return turn
    }

    func close() throws {
        try socket.close()
    }

    struct Unexpected: Error {
        let message: Message
    }

    /// What one answer consisted of.
    struct Turn {
        var order: [String] = []
        var samples = 0
        var said = ""
        var heard = ""
        var isComplete = false
        var isInterrupted = false
        var usage: [String: Any] = [:]
        var calls: [[String: Any]] = []

        mutating func add(_ content: [String: Any]) {
            let parts = (content["modelTurn"] as? [String: Any])?["parts"] as? [[String: Any]] ?? []
            for part in parts {
                let data = (part["inlineData"] as? [String: Any])?["data"] as? String ?? ""
                samples += (Data(base64Encoded: data)?.count ?? 0) / 2
                said += part["text"] as? String ?? ""
                if order.last != "speech" { order.append("speech") }
            }
            said += (content["outputTranscription"] as? [String: Any])?["text"] as? String ?? ""
            heard += (content["inputTranscription"] as? [String: Any])?["text"] as? String ?? ""
            for flag in ["interrupted", "generationComplete", "turnComplete"] where content[flag] as? Bool == true {
                order.append(flag)
            }
            isInterrupted = isInterrupted || content["interrupted"] as? Bool == true
            isComplete = content["turnComplete"] as? Bool == true
        }
    }

    private func number(_ count: Int) async throws -> Int {
        try await socket.read(bytes: count).reduce(0) { $0 << 8 | Int($1) }
    }

    private static func object(_ data: Data) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }
}
