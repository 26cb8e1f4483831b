import FlyingFox

/// Joins a client's WebSocket frames into messages; never holds more than one message of the allowed size.
struct FrameJoiner {
    enum Event: Equatable {
        case message([UInt8])
        case ping(WSFrame)
        case close(code: UInt16, reason: String)
        /// A pong, or the middle of a message.
        case nothing
    }

    /// In bytes.
    let largestMessage: Int

    private var held: [UInt8]?

    init(largestMessage: Int) { self.largestMessage = largestMessage }

    /// - Throws: what to close with: 1002 for frames out of order, 1009 for a message beyond the limit.
    mutating func add(_ frame: WSFrame) throws(Refusal) -> Event {
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else { throw Self.outOfOrder }
        switch frame.opcode {
        case .text, .binary:
            guard held == nil else { throw Self.outOfOrder }
            return try join([], frame)
        case .continuation:
            guard let held else { throw Self.outOfOrder }
            return try join(held, frame)
        case .ping, .pong, .close:
            guard frame.fin, frame.payload.count <= 125 else { throw Self.outOfOrder }
            if frame.opcode == .ping { return .ping(frame) }
            guard frame.opcode == .close else { return .nothing }
            let bytes = [UInt8](frame.payload)
            guard bytes.count >= 2 else { return .close(code: 1005, reason: "") }
            let reason = String(decoding: bytes.dropFirst(2), as: UTF8.self)
            return .close(code: UInt16(bytes[0]) << 8 | UInt16(bytes[1]), reason: reason)
        default: throw Self.outOfOrder
        }
    }

    private mutating func join(_ start: [UInt8], _ frame: WSFrame) throws(Refusal) -> Event {
        guard start.count + frame.payload.count <= largestMessage else { throw .tooLarge(largestMessage) }
        held = start + frame.payload
        guard frame.fin else { return .nothing }
        defer { held = nil }
        return .message(held ?? [])
    }

    private static let outOfOrder = Refusal(code: 1002, reason: "Frames out of order.")
}
