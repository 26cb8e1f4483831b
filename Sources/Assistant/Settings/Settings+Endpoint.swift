package import LiveProtocol

extension Settings {
    /// Where to dial, and the headers that carry the credential.
    ///
    /// The path is the base's own, then `/ws/`, the service's name with its version, and the method. A base that already
    /// names the method is taken as it is. A token that a command prints is not in the headers yet.
    ///
    /// - Throws: `.configuration` when the credential would cross a network unencrypted.
    package func endpoint(credential: Credential?) throws(AssistantError) -> Endpoint {
        let address = service.endpoint
        guard credential == nil || address.isSecure || address.isLoopback else {
            throw AssistantError(
                .configuration, "The key would go to \(address) unencrypted, where anybody on the way can read it.",
                remedy: "Use a wss:// endpoint; ws:// is for this machine (127.0.0.1, ::1, localhost).")
        }
        let method = credential?.isConstrained == true ? "BidiGenerateContentConstrained" : "BidiGenerateContent"
        let namesMethod = address.basePath.contains("BidiGenerateContent")
        let service = "google.ai.generativelanguage.\(apiVersion(for: credential)).GenerativeService"
        return Endpoint(
            host: address.host, port: address.port, isSecure: address.isSecure,
            path: namesMethod ? address.basePath : "\(address.basePath)/ws/\(service).\(method)",
            headers: credential?.headers ?? [], caFile: self.service.caFile, proxy: self.service.proxy)
    }

    /// The version as set; otherwise the one that the service documents for keys, and for tokens the one in which every
    /// client has them (gemini-live §1.2).
    func apiVersion(for credential: Credential?) -> String {
        service.apiVersion ?? (credential?.isConstrained == true ? "v1alpha" : "v1beta")
    }
}
