internal import CLibwebsockets
internal import Glibc

/// What libwebsockets keeps per virtual host rather than per connection.
struct VirtualHostKey: Hashable {
    /// PEM file with trust anchors beside the system's.
    var caFile: String?
    /// The proxy, its host already a numeric address.
    var proxy: ProxyAddress?

    /// libwebsockets drops longer ones without a word and connects directly.
    static let longestCredentials = 90

    /// Calls `body` with creation info whose strings live until it returns.
    func withCreationInfo<Result>(
        protocols: UnsafePointer<lws_protocols>, _ body: (inout lws_context_creation_info) -> Result
    ) -> Result {
        var info = lws_context_creation_info()
        info.port = vv_no_listen
        info.options = vv_context_options
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
        return proxyText.withCString { text in
            info.http_proxy_address = text
            guard let caFile else { return body(&info) }
            return caFile.withCString {
                info.client_ssl_ca_filepath = $0
                return body(&info)
            }
        }
    }
}
