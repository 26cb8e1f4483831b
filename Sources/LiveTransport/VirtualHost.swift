internal import CLibwebsockets
internal import Glibc

/// A virtual host of libwebsockets with what it needs: it keeps trust and proxy there, not with the connection.
/// Socket thread only; outlives the context, which holds on to its trust store.
final class VirtualHost {
    let handle: OpaquePointer
    private let trust: OpaquePointer?

    /// - Returns: nil when out of memory.
    init?(_ key: VirtualHostKey, in context: OpaquePointer?, protocols: UnsafePointer<lws_protocols>) {
        var trust: OpaquePointer?
        if case .tls(let caFile) = key.security {
            trust = vv_make_trust_store(caFile)
            guard trust != nil else { return nil }
        }
        self.trust = trust
        guard
            let handle = key.withCreationInfo(protocols: protocols, trust: trust, { lws_create_vhost(context, &$0) })
        else {
            SSL_CTX_free(trust)
            return nil
        }
        self.handle = handle
    }

    deinit { SSL_CTX_free(trust) }

    /// The TLS alert that ended a handshake just now, in words.
    func takeAlert() -> String? {
        guard let trust else { return nil }
        var isTheirs = false
        guard let text = vv_take_alert(trust, &isTheirs) else { return nil }
        return String(cString: text) + (isTheirs ? " (says the server)" : "")
    }
}
