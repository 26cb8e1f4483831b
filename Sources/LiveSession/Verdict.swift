package import LiveProtocol

/// What a disconnection means for the next attempt (gemini-live §11, architecture invariant 8).
package enum Verdict: Equatable, Sendable {
    /// Another attempt with the same setup cannot help.
    case final(Ending)
    /// Worth another attempt after a bounded, jittered wait.
    case retry(Problem)
    /// The resumption handle is what was refused; another attempt without it may work.
    case retryWithoutHandle(Problem)

    /// What went wrong, should the attempts run out.
    package struct Problem: Equatable, Sendable {
        package var reason: String
        package var code: Int?

        package init(reason: String, code: Int? = nil) {
            self.reason = reason
            self.code = code
        }
    }

    package init(of disconnection: Disconnection) {
        let detail = disconnection.description
        switch disconnection.cause {
        case .upgradeRefused(let status, let body): self = Verdict.ofUpgrade(status: status, body: body)
        case .closed(let code, let reason): self = Verdict.ofClose(code: code, reason: reason)
        case .tls:
            var ending = Ending(
                .unavailable, reason: "The TLS connection was not trusted: \(detail)",
                remedy: "Check the endpoint's host name and the clock, or name its authority with --ca-file.")
            ending.mayPass = true
            self = .final(ending)
        case .proxyRefused(let status) where status == 407:
            self = .final(
                Ending(
                    .refused, reason: "The proxy wants credentials: \(detail)", code: 407,
                    remedy: "Give them in --proxy http://user:password@host:port."))
        case .proxyRefused(let status): self = .retry(Problem(reason: "The proxy refused: \(detail)", code: status))
        case .unresolved: self = .retry(Problem(reason: "The service's name has no address: \(detail)"))
        case .unreachable: self = .retry(Problem(reason: "The service cannot be reached: \(detail)"))
        case .lost: self = .retry(Problem(reason: "The connection was lost: \(detail)", code: 1006))
        case .closeUnanswered: self = .retry(Problem(reason: "The service did not answer the close: \(detail)"))
        case .closedHere: self = .retry(Problem(reason: "The connection was given up: \(detail)"))
        case .protocolError(let code):
            self = .retry(Problem(reason: "The service broke the protocol: \(detail)", code: Int(code)))
        case .sendQueueOverflow: self = .retry(Problem(reason: "The service stopped taking what is sent: \(detail)"))
        case .noCredential(.passing): self = .retry(Problem(reason: "There is no token: \(detail)"))
        case .noCredential(.refused):
            self = .final(Ending(.refused, reason: "There is no token: \(detail)", remedy: Remedy.tokenCommand))
        case .noCredential(.misconfigured):
            self = .final(Ending(.misconfigured, reason: "There is no token: \(detail)", remedy: Remedy.tokenCommand))
        }
    }

    private static func ofUpgrade(status: Int, body: String) -> Verdict {
        let said = body.isEmpty ? "" : ": \(body.prefix(400))"
        switch status {
        case 401:
            return .final(
                Ending(
                    .refused, reason: "The service refused the key (HTTP 401)\(said)", code: status,
                    remedy: Remedy.key))
        case 403:
            return .final(
                Ending(
                    .refused, reason: "The key has no permission for this (HTTP 403)\(said)", code: status,
                    remedy: "Check that the key's project may use the Live API and this model."))
        case 429:
            return .final(
                Ending(.refused, reason: "The quota is used up (HTTP 429)\(said)", code: status, remedy: Remedy.quota))
        case 408, 425, 500...599:
            return .retry(Problem(reason: "The service answered HTTP \(status)\(said)", code: status))
        default:
            var ending = Ending(
                .unavailable, reason: "The service answered the upgrade with HTTP \(status)\(said)", code: status,
                remedy: "Check --endpoint and --api-version.")
            ending.mayPass = true
            return .final(ending)
        }
    }

    private static func ofClose(code: UInt16, reason: String) -> Verdict {
        let said = "The service closed with \(code)" + (reason.isEmpty ? "." : ": \(reason)")
        let words = reason.lowercased()
        if Remedy.quotaWords.contains(where: words.contains) {
            return .final(Ending(.refused, reason: said, code: Int(code), remedy: Remedy.quota))
        }
        switch code {
        case 1007, 1008:
            if words.contains("session not found") {
                return .retryWithoutHandle(Problem(reason: said, code: Int(code)))
            }
            if let remedy = Remedy.refusalWords.first(where: { words.contains($0.words) })?.remedy {
                return .final(Ending(.refused, reason: said, code: Int(code), remedy: remedy))
            }
            return .final(
                Ending(
                    .unavailable, reason: said, code: Int(code),
                    remedy: code == 1008
                        ? "Check --model and --api-version." : "Leave out what the model does not take and try again."))
        default: return .retry(Problem(reason: said, code: Int(code)))
        }
    }
}

/// Words by which the service's close reasons are told apart (gemini-live §11), and what a person can do.
private enum Remedy {
    static let key = "Set a valid key in GEMINI_API_KEY, or store one with `vivavoce keys set`."
    static let tokenCommand = "Run service.tokenCommand by itself: it prints one token, auth_tokens/…, and ends with 0."
    static let quota = "Wait, or raise the project's quota or billing limit."
    static let quotaWords = ["quota", "resource_exhausted", "resource has been exhausted", "billing"]
    static let refusalWords: [(words: String, remedy: String)] = [
        ("api key", key), ("api_key", key), ("unauthenticated", key), ("unregistered callers", key),
        ("location is not supported", "The service is not offered where this machine is."),
        ("permission", "Check that the key's project may use the Live API and this model."),
    ]
}
