internal import CLibwebsockets
internal import Glibc

/// Turns host names into addresses, away from the socket thread and from Swift's pool: `getaddrinfo` blocks for as
/// long as the name servers please.
enum Resolver {
    struct Failure: Error, Equatable {
        /// The system's words.
        let text: String
    }

    /// Calls back on a thread of its own with the addresses of a host in the order to try them (RFC 6724), as text
    /// such as `192.0.2.1` or `2001:db8::1`. At least one on success. A numeric address comes back as it is.
    static func resolve(_ host: String, then body: @escaping @Sendable (Result<[String], Failure>) -> Void) {
        startThread(named: "vv-resolve") { body(addresses(of: host)) }
    }

    /// Blocks until the name servers have answered or given up.
    static func addresses(of host: String) -> Result<[String], Failure> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else { return .failure(Failure(text: String(cString: gai_strerror(status)))) }
        defer { freeaddrinfo(list) }
        var found: [String] = []
        var entry = list
        while let one = entry?.pointee {
            if let text = numericText(one), !found.contains(text) { found.append(text) }
            entry = one.ai_next
        }
        return found.isEmpty ? .failure(Failure(text: "No address associated with hostname")) : .success(found)
    }

    /// Whether the text is an IPv4 or IPv6 address, so that nothing need be asked.
    static func isNumeric(_ host: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
    }

    private static func numericText(_ entry: addrinfo) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { text in
            let status = getnameinfo(
                entry.ai_addr, entry.ai_addrlen, text.baseAddress, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            return status == 0 ? String(cString: text.baseAddress!) : nil
        }
    }
}

/// Runs `body` on a detached thread that bears the name (15 bytes at most).
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
    final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }
    }
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(name, body))
    let status = pthread_create(
        &thread, nil,
        { box in
            let start = Unmanaged<Start>.fromOpaque(box!).takeRetainedValue()
            vv_name_thread(start.name)
            start.body()
            return nil
        }, start.toOpaque())
    precondition(status == 0, "pthread_create failed with errno \(status)")
    pthread_detach(thread)
}
