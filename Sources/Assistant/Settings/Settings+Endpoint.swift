package import LiveProtocol

extension Settings {
    /// Where to dial, and the headers that carry the credential.
    ///
    /// The path is the base's own, then `/ws/`, the service's name with its version, and the method. A base that already
    /// names the method is taken as it is.
    ///
    /// - Throws: `.configuration` when the credential would cross a network unencrypted.
    package func endpoint(credential: Credential?) throws(AssistantError) -> Endpoint {
        let address = service.endpoint
        guard credential == nil || address.isSecure || address.isLoopback else {
            throw AssistantError(
                .configuration, "The key would go to \(address) unencrypted, where anybody on the way can read it.",
                remedy: "Use a wss:// endpoint; ws:// is for this machine (127.0.0.1, ::1, localhost).")
        }
        let method: String
        let headers: [Endpoint.Header]
        switch credential {
        case .key(let key):
            method = "BidiGenerateContent"
            headers = [Endpoint.Header("x-goog-api-key", key.exposed)]
        case .token(let token):
            method = "BidiGenerateContentConstrained"
            headers = [Endpoint.Header("Authorization", "Token \(token.exposed)")]
        case nil:
            method = "BidiGenerateContent"
            headers = []
        }
        let namesMethod = address.basePath.contains("BidiGenerateContent")
        let service = "google.ai.generativelanguage.\(self.service.apiVersion).GenerativeService"
        return Endpoint(
            host: address.host, port: address.port, isSecure: address.isSecure,
            path: namesMethod ? address.basePath : "\(address.basePath)/ws/\(service).\(method)", headers: headers,
            caFile: self.service.caFile, proxy: self.service.proxy)
    }
}
