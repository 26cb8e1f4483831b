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

    func send(_ payload: WireEncoder.Payload) {
        put(WSFrame(fin: true, opcode: payload.isText ? .text : .binary, mask: nil, payload: Data(payload.bytes)))
    }

    func put(_ frame: WSFrame) {
        if case .dropped = feed.yield(frame) { feed.finish() }
    }

    /// Sends a close frame; nothing may follow it. Reasons are cut to the 123 bytes that fit (RFC 6455, 5.5).
    func close(code: UInt16, reason: String) {
        var text = reason
        while text.utf8.count > 123 { text.removeLast() }
        put(.close(code: WSCloseCode(code, reason: text)))
    }

    /// Ends the TCP connection once what was put before is written.
    func finish() {
        feed.finish()
    }
}
