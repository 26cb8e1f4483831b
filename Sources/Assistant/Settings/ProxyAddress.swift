/// An HTTP proxy, as a setting or the environment names it.
package struct ProxyAddress: Sendable, Equatable {
    let host: String
    let port: Int
    /// `user:password` as written; nil for none.
    let credentials: Secret?

    /// What `init(_:)` takes, for messages.
    package static let accepted = "a URL such as http://[user:password@]host[:port]"

    /// - Parameter text: `http://[user:password@]host[:port]`, or the same without its scheme, as `https_proxy` is
    ///   often written. The port is 80 unless named, as in every http URL.
    package init?(_ text: String) {
        var rest = text[...]
        if let scheme = text.firstRange(of: "://") {
            guard text[..<scheme.lowerBound].lowercased() == "http" else { return nil }
            rest = text[scheme.upperBound...]
        }
        while rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.contains(where: { $0.isWhitespace || !$0.isASCII }) else { return nil }
        if let at = rest.lastIndex(of: "@") {
            credentials = Secret(String(rest[..<at]))
            rest = rest[rest.index(after: at)...]
        } else {
            credentials = nil
        }
        guard let place = HostAndPort(rest, defaultPort: 80) else { return nil }
        host = place.host
        port = place.port
    }

    /// As a connection takes it, password included.
    package var url: String { url(with: credentials.map(\.exposed)) }

    /// For people and logs.
    package var shown: String { url(with: credentials.map(\.description)) }

    private func url(with credentials: String?) -> String {
        let shownHost = host.contains(":") ? "[\(host)]" : host
        return "http://\(credentials.map { $0 + "@" } ?? "")\(shownHost):\(port)"
    }
}

extension ProxyAddress {
    /// The proxy that the environment asks for on the way to an address.
    ///
    /// `https_proxy`, or `HTTPS_PROXY`, counts for encrypted endpoints beyond this machine whose host `no_proxy` (or
    /// `NO_PROXY`) does not name: a list of hosts, each with its subdomains, optionally with a port; `*` names all.
    /// - Returns: the variable's name and its proxy, or nil to dial directly.
    /// - Throws: `.configuration` when the variable holds no proxy.
    static func fromEnvironment(
        _ environment: [String: String], for address: ServiceAddress
    ) throws(AssistantError) -> (name: String, proxy: ProxyAddress)? {
        guard address.isSecure, !address.isLoopback else { return nil }
        let names = ["https_proxy", "HTTPS_PROXY"]
        guard let name = names.first(where: { environment[$0]?.isEmpty == false }), let text = environment[name]
        else { return nil }
        let exceptions = ["no_proxy", "NO_PROXY"].compactMap { environment[$0] }.first ?? ""
        guard !excepts(exceptions, host: address.host, port: address.port) else { return nil }
        guard let proxy = ProxyAddress(text) else {
            throw AssistantError(
                .configuration, "\(name) does not name an HTTP proxy.",
                remedy: "Accepted: \(accepted); unset it to dial directly.")
        }
        return (name, proxy)
    }

    /// Whether a `no_proxy` list names a host.
    static func excepts(_ list: String, host: String, port: Int) -> Bool {
        list.split(whereSeparator: { $0 == "," || $0.isWhitespace }).contains { entry in
            if entry == "*" { return true }
            var name = entry.lowercased()[...]
            if let place = HostAndPort(name, defaultPort: port) {
                guard place.port == port else { return false }
                name = place.host[...]
            }
            while name.first == "." { name = name.dropFirst() }
            return !name.isEmpty && (host == name || host.hasSuffix("." + name))
        }
    }
}
