internal import CLibwebsockets
internal import Glibc

/// The buffer from which one connection writes: bytes in front for libwebsockets' framing, then the payload, which is
/// masked in place. Reused from message to message, so a voice packet allocates nothing.
struct OutgoingFrame {
    /// What is sent, behind `headroom` bytes that belong to libwebsockets. Only append.
    var bytes: [UInt8]
    var pingsDue = 0

    private static let headroom = Int(vv_lws_pre)
    /// Capacity that is kept; room for a second of voice.
    private static let keptCapacity = 64 << 10

    init() { bytes = Self.emptyBytes() }

    /// Bytes of payload.
    var count: Int { bytes.count - Self.headroom }

    mutating func empty() {
        if bytes.capacity > 4 * Self.keptCapacity {
            bytes = Self.emptyBytes()
        } else {
            bytes.removeLast(count)
        }
    }

    /// Writes the payload as one frame. What the socket does not take at once, libwebsockets keeps and sends later.
    /// - Returns: false when the connection cannot be written to any more.
    mutating func write(to wsi: OpaquePointer, _ kind: lws_write_protocol) -> Bool {
        bytes.withUnsafeMutableBufferPointer {
            lws_write(wsi, $0.baseAddress! + Self.headroom, $0.count - Self.headroom, kind) >= 0
        }
    }

    private static func emptyBytes() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headroom + keptCapacity)
        bytes.append(contentsOf: repeatElement(0, count: headroom))
        return bytes
    }
}
