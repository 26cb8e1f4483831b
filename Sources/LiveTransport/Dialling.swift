internal import CLibwebsockets
import LiveProtocol

/// Where to dial and how, with the settings parsed and checked.
struct Dialling: Sendable {
    let endpoint: Endpoint
    /// The endpoint's proxy, parsed; nil when there is none, and when it is no URL (which `problem()` says).
    let proxy: ProxyAddress?

    init(_ endpoint: Endpoint) {
        self.endpoint = endpoint
        proxy = endpoint.proxy.flatMap(ProxyAddress.init)
    }

    /// Whose name is to be resolved here: a proxy resolves the service's name itself.
    var nextHop: String { proxy?.host ?? endpoint.host }

    /// The service, for people: no path, no header.
    var place: String { "\(endpoint.isSecure ? "wss" : "ws")://\(hostHeader)" }

    /// The value of the `Host` header.
    var hostHeader: String {
        let host = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
        return endpoint.port == (endpoint.isSecure ? 443 : 80) ? host : "\(host):\(endpoint.port)"
    }

    /// The virtual host to dial on when the next hop has this address.
    func virtualHost(address: String) -> VirtualHostKey {
        var key = VirtualHostKey()
        if endpoint.isSecure { key.security = .tls(caFile: endpoint.caFile) }
        key.proxy = proxy
        key.proxy?.host = address
        return key
    }

    /// What in the settings makes dialling hopeless; reads the CA file.
    func problem() -> Disconnection? {
        if let file = endpoint.caFile, endpoint.isSecure {
            switch vv_count_certificates(file) {
            case -1: return Disconnection(.tls, detail: "cannot read the CA file \(file)")
            case 0: return Disconnection(.tls, detail: "the CA file \(file) holds no PEM certificate")
            default: break
            }
        }
        if endpoint.proxy != nil, proxy == nil {
            return Disconnection(.unreachable, detail: "the proxy setting is not a URL like http://host:port")
        }
        if let credentials = proxy?.credentials, credentials.utf8.count > VirtualHostKey.longestCredentials {
            let limit = VirtualHostKey.longestCredentials
            let detail = "user and password of the proxy exceed \(limit) bytes"
            return Disconnection(.proxyRefused(status: nil), detail: detail)
        }
        if let header = endpoint.headers.first(where: { $0.name.isEmpty || !Self.isOneLine($0.name + $0.value) }) {
            return Disconnection(.closedHere, detail: "the header \(header.name) holds a line break; not sent")
        }
        if !Self.isOneLine(endpoint.path + endpoint.host) || endpoint.path.contains(" ") {
            return Disconnection(.closedHere, detail: "the endpoint's path holds a space or a line break; not sent")
        }
        return nil
    }

    /// Takes the values of our headers out of a text that came from the service: it may quote a key.
    func withoutSecrets(_ text: String) -> String {
        endpoint.headers.reduce(text) { text, header in
            let secret = header.value.split(separator: " ").last ?? ""  // behind `Bearer` or `Token`
            return secret.utf8.count < 8 ? text : text.replacing(secret, with: "…")
        }
    }

    private static func isOneLine(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } }
}
