import Synchronization

/// An HTTP proxy on loopback that does CONNECT and nothing else.
package final class ConnectProxy: Sendable {
    private final class Log: Sendable { let heads = Mutex<[String]>([]) }

    private let log = Log()
    private let listener: Listener

    package var port: Int { listener.port }

    /// The heads of all requests seen so far.
    package var heads: [String] { log.heads.withLock { $0 } }

    /// - Parameters:
    ///   - credentials: `user:password` that a request must carry, else it is answered 407.
    ///   - target: port of 127.0.0.1 that every tunnel leads to, whatever host was asked for; nil for the asked port.
    ///   - refusal: status line, without version, with which to answer everything instead.
    package init(credentials: String? = nil, target: Int? = nil, refusal: String? = nil) throws {
        listener = try Listener { [log] client in
            startTestThread {
                guard let request = try? PeerConnection(client) else { return }
                log.heads.withLock { $0.append(request.head) }
                if let refusal {
                    try? client.write(Array("HTTP/1.1 \(refusal)\r\nContent-Length: 0\r\n\r\n".utf8))
                    return
                }
                if let credentials {
                    let given = request.header("Proxy-Authorization")?.split(separator: " ") ?? []
                    guard given.count == 2, given[0].lowercased() == "basic",
                        given[1] == base64(Array(credentials.utf8))
                    else {
                        try? client.write(
                            Array("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n".utf8))
                        return
                    }
                }
                let asked = request.head.split(separator: " ").dropFirst().first.flatMap {
                    Int($0.split(separator: ":").last!)
                }
                guard let port = target ?? asked, let server = try? ByteSocket.connect(port: port) else { return }
                try? client.write(Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8))
                startTestThread { Self.copy(from: server, to: client) }
                Self.copy(from: client, to: server)
            }
        }
    }

    private static func copy(from source: ByteSocket, to sink: ByteSocket) {
        while let bytes = try? source.read(), !bytes.isEmpty { guard (try? sink.write(bytes)) != nil else { break } }
        sink.shutDown()
    }
}
