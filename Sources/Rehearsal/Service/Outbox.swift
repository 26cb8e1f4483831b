import FlyingFox
import Foundation

/// The frames on their way to one client, and the only place that puts any there.
///
/// Bound: 8,192 frames; more than that is a client that stopped reading, and its connection ends.
struct Outbox: Sendable {
    let frames: AsyncStream<WSFrame>
    private let feed: AsyncStream<WSFrame>.Continuation

    init() {
        (frames, feed) = AsyncStream.makeStream(of: WSFrame.self, bufferingPolicy: .bufferingOldest(8_192))
    }

    /// - Parameter fragmentBytes: the largest payload of a frame; nil for messages in one piece.
    func send(_ payload: WireEncoder.Payload, fragmentBytes: Int? = nil) {
        let opcode: WSFrame.Opcode = payload.isText ? .text : .binary
        let size = max(1, fragmentBytes ?? payload.bytes.count)
        guard payload.bytes.count > size else {
            return put(WSFrame(fin: true, opcode: opcode, mask: nil, payload: Data(payload.bytes)))
        }
        for start in stride(from: 0, to: payload.bytes.count, by: size) {
            let end = min(start + size, payload.bytes.count)
            put(
                WSFrame(
                    fin: end == payload.bytes.count, opcode: start == 0 ? opcode : .continuation, mask: nil,
                    payload: Data(payload.bytes[start..<end])))
        }
    }

    func put(_ frame: WSFrame) {
        if case .dropped = feed.yield(frame) { feed.finish() }
    }

    /// Sends a close frame; nothing may follow it. Reasons are cut to the 123 bytes that fit (RFC 6455, 5.5).
    /// - Parameter limit: cuts to fewer bytes, where they fall.
    func close(code: UInt16, reason: String, limit: Int? = nil) {
        var text = reason
        while text.utf8.count > 123 { text.removeLast() }
        let bytes = Array(text.utf8.prefix(limit ?? 123))
        put(
            WSFrame(
                fin: true, opcode: .close, mask: nil, payload: Data([UInt8(code >> 8), UInt8(code & 0xFF)] + bytes)))
    }

    /// Ends the TCP connection once what was put before is written.
    func finish() {
        feed.finish()
    }
}
