/// Where the service listens: the base that an endpoint is built on.
package struct ServiceAddress: Sendable, Equatable, CustomStringConvertible {
    package let isSecure: Bool
    /// Lower case; an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// What the URL had for a path, without a slash at its end; empty for none.
    package let basePath: String

    /// Google's Developer API.
    package static let developerAPI = ServiceAddress(
        isSecure: true, host: "generativelanguage.googleapis.com", port: 443, basePath: "")

    /// What `init(_:)` takes, for messages.
    package static let accepted = "a URL such as wss://host[:port][/path] (wss, ws, https or http)"

    private init(isSecure: Bool, host: String, port: Int, basePath: String) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.basePath = basePath
    }

    /// - Parameter text: `wss://`, `ws://`, `https://` or `http://`, a host and, if need be, a port and a path.
    ///   User names, queries and fragments are refused: a key in a URL ends up in logs and process lists.
    package init?(_ text: String) {
        guard let scheme = text.firstRange(of: "://") else { return nil }
        switch text[..<scheme.lowerBound].lowercased() {
        case "wss", "https": isSecure = true
        case "ws", "http": isSecure = false
        default: return nil
        }
        let rest = text[scheme.upperBound...]
        guard !rest.contains(where: { "@?#\\".contains($0) || $0.isWhitespace || !$0.isASCII }) else { return nil }
        let authority = rest.prefix { $0 != "/" }
        guard let place = HostAndPort(authority, defaultPort: isSecure ? 443 : 80) else { return nil }
        host = place.host
        port = place.port
        var path = rest.dropFirst(authority.count)
        while path.hasSuffix("/") { path = path.dropLast() }
        basePath = String(path)
    }

    /// Whether the address is this machine, so that nothing said to it crosses a network.
    package var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    package var description: String {
        let shownHost = host.contains(":") ? "[\(host)]" : host
        let shownPort = port == (isSecure ? 443 : 80) ? "" : ":\(port)"
        return "\(isSecure ? "wss" : "ws")://\(shownHost)\(shownPort)\(basePath)"
    }
}

/// A host with a port, as they stand in a URL: `host`, `host:port`, `[address]:port`.
struct HostAndPort: Equatable {
    let host: String
    let port: Int

    init?(_ text: Substring, defaultPort: Int) {
        let hostText: Substring
        let after: Substring
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else { return nil }
            hostText = text[text.index(after: text.startIndex)..<close]
            after = text[text.index(after: close)...]
            guard hostText.contains(":"), hostText.allSatisfy({ $0.isHexDigit || ":.".contains($0) }) else {
                return nil
            }
        } else {
            hostText = text.prefix { $0 != ":" }
            after = text.dropFirst(hostText.count)
            guard hostText.allSatisfy({ $0.isLetter || $0.isNumber || ".-_".contains($0) }) else { return nil }
        }
        guard !hostText.isEmpty, after.isEmpty || after.first == ":" else { return nil }
        host = hostText.lowercased()
        if after.isEmpty {
            port = defaultPort
        } else {
            guard let number = UInt16(after.dropFirst()), number > 0 else { return nil }
            port = Int(number)
        }
    }
}
