import Glibc

/// The few calls on IPv4 sockets that the relay needs. Descriptors are the caller's to close.
enum TCPSocket {
    /// - Throws: `.listen` when the host is no IPv4 address or the port is taken.
    static func listening(host: String, port: UInt16) throws(RehearsalError) -> CInt {
        guard var address = address(host: host, port: port) else {
            throw RehearsalError(.listen, "\(host) is not an IPv4 address")
        }
        guard let descriptor = make() else {
            throw RehearsalError(.listen, "no more sockets: the process has too many")
        }
        var isOn: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<CInt>.size))
        let isBound = withSocketAddress(&address) { bind(descriptor, $0, $1) } == 0
        guard isBound, listen(descriptor, SOMAXCONN) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw RehearsalError(.listen, "cannot listen on \(host):\(port): \(reason)")
        }
        prepare(descriptor)
        return descriptor
    }

    /// Connects to a port of 127.0.0.1, which takes no time. - Returns: nil when nobody listens there.
    static func connected(to port: UInt16) -> CInt? {
        guard var address = address(host: "127.0.0.1", port: port), let descriptor = make() else { return nil }
        guard withSocketAddress(&address, { connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return nil
        }
        prepare(descriptor)
        return descriptor
    }

    /// The port at this end.
    static func port(of descriptor: CInt) -> UInt16 {
        var address = sockaddr_in()
        withSocketAddress(&address) { pointer, size in
            var size = size
            _ = getsockname(descriptor, UnsafeMutablePointer(mutating: pointer), &size)
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Switches waiting off, keeps the descriptor from child processes and, on a socket, switches Nagle's algorithm off:
    /// pieces leave as they are written.
    static func prepare(_ descriptor: CInt) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var isOn: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Lets `close` end the connection with a reset instead of a FIN.
    static func armReset(_ descriptor: CInt) {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    enum Transfer: Equatable {
        case bytes(Int)
        /// Nothing can be read or written at the moment.
        case blocked
        /// The other end has closed the connection, or it failed.
        case ended
    }

    /// Appends what has come, at most 16 KiB.
    static func read(_ descriptor: CInt, into bytes: inout [UInt8]) -> Transfer {
        let transfer = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16 << 10) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { bytes += UnsafeBufferPointer(rebasing: buffer[..<count]) }
            return outcome(of: count)
        }
        return transfer
    }

    /// Writes the first `count` bytes, or some of them.
    static func write(_ descriptor: CInt, _ bytes: [UInt8], count: Int) -> Transfer {
        let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, count, CInt(MSG_NOSIGNAL)) }
        return outcome(of: count)
    }

    private static func outcome(of count: Int) -> Transfer {
        if count > 0 { return .bytes(count) }
        let mayTryAgain = count < 0 && (errno == EAGAIN || errno == EINTR)
        return mayTryAgain ? .blocked : .ended
    }

    private static func make() -> CInt? {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        return descriptor >= 0 ? descriptor : nil
    }

    private static func address(host: String, port: UInt16) -> sockaddr_in? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        return inet_pton(AF_INET, host, &address.sin_addr) == 1 ? address : nil
    }

    @discardableResult
    private static func withSocketAddress<Result>(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
