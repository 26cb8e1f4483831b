internal import CLibwebsockets
internal import Glibc

/// The body of an answer that refused the upgrade.
///
/// libwebsockets 4.1.6 shows the head of such an answer once, before it closes, and reads a body only when asked in that
/// very moment. The body usually lies in the same segment as the head; for one that comes a little later this waits,
/// at most a quarter of a second in all: the one place where the socket thread waits for a single connection. A second
/// request would not do: the service would see two attempts.
final class RefusedUpgrade {
    /// Most bytes that are kept.
    static let limit = 64 << 10
    /// Longest wait for the rest of the body, in microseconds.
    static let patience: lws_usec_t = 250_000

    private(set) var bytes: [UInt8] = []
    private var isComplete = false

    /// The body as text, white space at its ends removed.
    var text: String {
        let isBlank = { (byte: UInt8) in byte <= 0x20 }
        let tail = bytes.drop(while: isBlank)
        let end = tail.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? tail.startIndex
        return String(decoding: tail[..<end], as: UTF8.self)
    }

    /// Reads until the body is complete, the stream ends, the limit is reached or patience is out. Pieces arrive by
    /// `append`, through the callback.
    func read(from wsi: OpaquePointer) {
        guard !hasNoBody(wsi) else { return }
        let deadline = lws_now_usecs() + Self.patience
        while !isComplete {
            var start: UnsafeMutablePointer<CChar>?
            var length: CInt = 0
            let before = bytes.count
            guard lws_http_client_read(wsi, &start, &length) == 0 else { return }
            if bytes.count == before {
                let left = deadline - lws_now_usecs()
                guard left > 0, vv_wait_readable(wsi, CInt(left / 1000)) else { return }
            }
        }
    }

    /// Takes a piece of body from libwebsockets. - Returns: what the callback returns.
    func append(_ piece: UnsafeMutableRawPointer?, _ count: Int) -> CInt {
        bytes += UnsafeRawBufferPointer(start: piece, count: count).prefix(Self.limit - bytes.count)
        return bytes.count < Self.limit ? 0 : -1
    }

    /// The body has ended, by its length or its last chunk. - Returns: what the callback returns.
    func complete() -> CInt {
        isComplete = true
        return -1  // or libwebsockets would make the connection ready for another request
    }

    private func hasNoBody(_ wsi: OpaquePointer) -> Bool {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 24) { text in
            lws_hdr_copy(wsi, text.baseAddress, CInt(text.count), WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0
                && Int(String(cString: text.baseAddress!)) == 0
        }
    }
}
