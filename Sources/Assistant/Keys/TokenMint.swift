import Events
import LiveProtocol
import LiveTransport

/// Makes short-lived tokens of a key, for programs that are not to have the key itself (gemini-live §1.2).
package struct TokenMint: Sendable {
    /// What a token is good for.
    package struct Terms: Sendable, Equatable {
        /// Sessions that may begin with it; 0: any number. Resuming one is free, as the service documents it.
        package var uses: Int
        /// How long what it opened may go on, and with more than one use how long another may begin.
        package var minutes: Int
        /// How long the first session may take to begin, where there is one only: the service's own minute.
        static let start = 1

        package init(uses: Int, minutes: Int) {
            (self.uses, self.minutes) = (uses, minutes)
        }
    }

    private let settings: Settings
    private let key: Secret
    /// Longest wait for the service.
    private static let patience = Duration.seconds(20)

    /// - Throws: `.refused` for what is no key: tokens are made of keys only.
    package init(_ settings: Settings, credential: Credential) throws(AssistantError) {
        guard case .key(let key) = credential else {
            throw AssistantError(
                .refused, "A token is made of a key, and what is set is a token or a command that prints one.",
                remedy: "Give the key: `vivavoce keys list` shows where it may be.")
        }
        (self.settings, self.key) = (settings, key)
    }

    /// - Parameter now: milliseconds since 1970.
    /// - Throws: `.refused` when the service does not take the key, `.unavailable` when it cannot be asked.
    package func token(_ terms: Terms, now: Int64) async throws(AssistantError) -> Secret {
        var endpoint = try settings.endpoint(credential: .key(key))
        let base = settings.service.endpoint.basePath
        endpoint.path = "\(base[..<(base.firstRange(of: "/ws/")?.lowerBound ?? base.endIndex)])/v1alpha/auth_tokens"
        let response = try await answer(to: Self.request(terms, now: now), at: endpoint)
        let body = String(decoding: response.body, as: UTF8.self)
        let line = body.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let said = Redaction.clip(line.replacing(key.exposed, with: "•••"), longest: 400)
        guard response.status == 200 else {
            let isRefusal = [400, 401, 403, 429].contains(response.status)
            throw AssistantError(
                isRefusal ? .refused : .unavailable,
                "The service makes no token (HTTP \(response.status)): \(said)",
                remedy: "Check the key, and that its project may use the Live API.")
        }
        guard let reply = try? JSONValue(parsing: body), let name = reply["name"]?.asString,
            case .token(let token)? = try? Credential(checking: name, from: "The service's answer")
        else {
            throw AssistantError(.unavailable, "The service answered without a token.", remedy: "Check --endpoint.")
        }
        return token
    }

    /// The request's JSON.
    static func request(_ terms: Terms, now: Int64) -> [UInt8] {
        let end = now + Int64(terms.minutes) * 60_000
        let start = terms.uses == 1 ? min(end, now + Int64(Terms.start) * 60_000) : end
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("uses", terms.uses)
            writer.member("expireTime", Timestamp.iso8601(end))
            writer.member("newSessionExpireTime", Timestamp.iso8601(start))
        }
        return writer.bytes
    }

    private func answer(to body: [UInt8], at endpoint: Endpoint) async throws(AssistantError) -> HTTPClient.Response {
        let thread = SocketThread()
        let client = HTTPClient(thread: thread)
        let result = await withTaskGroup(of: Result<HTTPClient.Response, Disconnection>?.self) { group in
            group.addTask {
                do throws(Disconnection) {
                    let method = HTTPClient.Method.post(body: body, contentType: "application/json")
                    return .success(try await client.send(method, to: endpoint))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        await thread.stopAndWait()
        switch result {
        case .success(let response): return response
        case .failure(let reason): throw AssistantError(.unavailable, "The service cannot be asked: \(reason).")
        case nil:
            throw AssistantError(
                .unavailable, "The service did not answer within \(Self.patience.components.seconds) s.")
        }
    }
}
