internal import Glibc

/// A blocking TCP socket for tests: every wait ends, at the latest, with its time limit. One thread at a time reads,
/// one writes.
package final class ByteSocket: Sendable {
    /// What went wrong, with the system's words.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
        init(text: String) { description = text }
    }

    package let descriptor: CInt

    /// Takes over a descriptor. - Parameter limit: how long one read or write may take.
    init(descriptor: CInt, limit: Duration = .seconds(30)) {
        self.descriptor = descriptor
        var time = timeval(tv_sec: Int(limit.components.seconds), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var on: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    }

    deinit { Glibc.close(descriptor) }

    /// Connects to a port of 127.0.0.1.
    package static func connect(port: Int, limit: Duration = .seconds(30)) throws -> ByteSocket {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("socket") }
        let made = ByteSocket(descriptor: descriptor, limit: limit)
        let status = withLoopback(port: port) { Glibc.connect(descriptor, $0, $1) }
        guard status == 0 else { throw Failure("connect to port \(port)") }
        return made
    }

    /// Reads what has come, at most `count` bytes. - Returns: empty at the end of the stream.
    package func read(atMost count: Int = 64 << 10) throws -> [UInt8] {
        var result = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            result = recv(descriptor, buffer.baseAddress, count, 0)
            filled = max(result, 0)
        }
        guard result >= 0 else { throw Failure("recv") }
        return bytes
    }

    /// Writes everything.
    package func write(_ bytes: some Collection<UInt8>) throws {
        let bytes = Array(bytes)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBufferPointer {
                send(descriptor, $0.baseAddress! + written, bytes.count - written, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure("send") }
            written += count
        }
    }

    /// Ends the stream in our direction, or in both; wakes whoever waits in `read`.
    package func shutDown(both: Bool = false) {
        shutdown(descriptor, CInt(both ? SHUT_RDWR : SHUT_WR))
    }

    /// Ends the connection with a reset (RST) now; wakes whoever waits in `read`.
    package func reset() {
        var nowhere = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        _ = Glibc.connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// Makes the kernel hold few bytes that nobody has read. Call before the connection is made or accepted.
    package static func limitReceiveBuffer(of descriptor: CInt, to bytes: CInt) {
        var bytes = bytes
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<CInt>.size))
    }
}

/// A listening socket on a free port of 127.0.0.1, with a thread that hands out what it accepts.
///
/// Listens until `stop()`, not until the last reference is gone: that falls after the last use, which in a test is often
/// long before the client has connected.
package final class Listener: Sendable {
    package let port: Int
    private let descriptor: CInt

    /// - Parameter receiveBuffer: bytes the kernel may hold unread for each connection; nil leaves it alone.
    package init(receiveBuffer: CInt? = nil, accept body: @escaping @Sendable (ByteSocket) -> Void) throws {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ByteSocket.Failure("socket") }
        self.descriptor = descriptor
        if let receiveBuffer { ByteSocket.limitReceiveBuffer(of: descriptor, to: receiveBuffer) }
        guard withLoopback(port: 0, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 256) == 0 else {
            throw ByteSocket.Failure("listen")
        }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        startTestThread {
            while true {
                let accepted = accept(descriptor, nil, nil)
                if accepted < 0, errno == EINTR || errno == ECONNABORTED { continue }
                guard accepted >= 0 else { break }
                _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
                body(ByteSocket(descriptor: accepted))
            }
            close(descriptor)
        }
    }

    /// Stops listening; what was accepted lives on.
    package func stop() { shutdown(descriptor, CInt(SHUT_RDWR)) }

    /// A port of 127.0.0.1 on which nobody listens.
    package static func closedPort() throws -> Int {
        let listener = try Listener { _ in }
        listener.stop()
        return listener.port
    }
}

private func withLoopback(port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

/// Runs `body` on a detached thread: test servers block, and must not block Swift's pool.
package func startTestThread(_ body: @escaping @Sendable () -> Void) {
    final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(body))
    let status = pthread_create(
        &thread, nil,
        { box in
            Unmanaged<Start>.fromOpaque(box!).takeRetainedValue().body()
            return nil
        }, start.toOpaque())
    precondition(status == 0, "pthread_create failed with errno \(status)")
    pthread_detach(thread)
}
