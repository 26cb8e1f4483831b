internal import CLibwebsockets
internal import Glibc

/// What libwebsockets keeps per virtual host rather than per connection.
struct VirtualHostKey: Hashable {
    enum Security: Hashable {
        case plain
        /// TLS; the file holds trust anchors, PEM, beside the system's.
        case tls(caFile: String?)
    }

    var security = Security.plain
    /// The proxy, its host already a numeric address.
    var proxy: ProxyAddress?

    /// libwebsockets drops longer ones without a word and connects directly.
    static let longestCredentials = 90

    /// Calls `body` with creation info whose strings live until it returns.
    ///
    /// - Parameter trust: for `.tls`; owned by the caller, who keeps it as long as the virtual host.
    func withCreationInfo<Result>(
        protocols: UnsafePointer<lws_protocols>, trust: OpaquePointer?,
        _ body: (inout lws_context_creation_info) -> Result
    ) -> Result {
        var info = lws_context_creation_info()
        info.port = vv_no_listen
        info.options = security == .plain ? vv_plain_options : vv_tls_options
        info.provided_client_ssl_ctx = trust
        info.gid = -1  // stay who we are
        info.uid = -1
        info.protocols = protocols
        info.connect_timeout_secs = 10
        info.ka_time = 60
        info.ka_interval = 10
        info.ka_probes = 6
        // An empty address, not nil: nil would make libwebsockets read the environment, which is the settings' job.
        var proxyText = ""
        if let proxy {
            info.http_proxy_port = UInt32(proxy.port)
            let address = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
            proxyText = proxy.credentials.map { "\($0)@\(address)" } ?? address
        }
        return proxyText.withCString {
            info.http_proxy_address = $0
            return body(&info)
        }
    }
}
