import FlyingFox
import Foundation

/// Which upgrades are let in: the Live API's paths, and the ways to show a key.
struct Admission: Sendable {
    enum Verdict: Equatable {
        /// - version: "v1", "v1beta" and so on.
        /// - token: what opened it, if that is one.
        case welcome(version: String, token: String?)
        /// A token is to be made.
        case mint
        case refused(status: Int, message: String)
    }

    let requiredKey: String?
    let refusal: Int?
    /// Whether a token was made here and is still good.
    let isGoodToken: @Sendable (String) -> Bool

    private static let unregistered = Verdict.refused(
        status: 403,
        message: "Method doesn't allow unregistered callers (callers without established identity). "
            + "Please use API Key or other form of API consumer identity to call this API.")

    func judge(_ request: HTTPRequest) -> Verdict {
        let path = request.target.path()
        let mints = request.method == .POST && Self.isMint(path: path)
        guard let version = mints ? "" : Self.version(inPath: path) else {
            return .refused(status: 404, message: "The requested URL was not found on this server.")
        }
        if let refusal { return .refused(status: refusal, message: Self.message(for: refusal)) }
        let shown = Self.credential(of: request)
        let token = shown.flatMap { $0.hasPrefix("auth_tokens/") ? $0 : nil }
        // A token opens the constrained method and nothing else (gemini-live §1.2).
        if token != nil, !path.hasSuffix("BidiGenerateContentConstrained") { return Self.unregistered }
        if let requiredKey {
            guard let shown else { return Self.unregistered }
            guard shown == requiredKey || token.map(isGoodToken) == true else {
                return .refused(status: 401, message: "API key not valid.")
            }
        }
        return mints ? .mint : .welcome(version: version, token: token)
    }

    /// `/v1beta/auth_tokens`, or `v1alpha`.
    static func isMint(path: String) -> Bool {
        let parts = path.split(separator: "/")
        return parts.count == 2 && ["v1beta", "v1alpha"].contains(parts[0]) && parts[1] == "auth_tokens"
    }

    /// A refusal with the JSON body of Google's APIs.
    static func response(status: Int, message: String) -> HTTPResponse {
        let body: JSON = [
            "error": [
                "code": .number(Double(status)), "message": .string(message), "status": .string(name(of: status)),
            ]
        ]
        return HTTPResponse(
            statusCode: HTTPStatusCode(status, phrase: phrase(for: status)),
            headers: HTTPHeaders([.contentType: "application/json; charset=UTF-8", .connection: "close"]),
            body: Data(JSONWriter.write(body, pretty: true)))
    }

    /// The API version of a Live path, however many slashes separate its parts; nil for other paths.
    ///
    /// Developer API: `/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent[Constrained]`.
    /// Vertex AI: `/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent`.
    static func version(inPath path: String) -> String? {
        let parts = path.split(separator: "/")
        guard parts.first == "ws" else { return nil }
        if parts.count == 2 {
            let names = parts[1].split(separator: ".")
            guard names.count == 6, names[0...2] == ["google", "ai", "generativelanguage"],
                ["v1", "v1beta", "v1alpha"].contains(names[3]), names[4] == "GenerativeService",
                ["BidiGenerateContent", "BidiGenerateContentConstrained"].contains(names[5])
            else { return nil }
            return String(names[3])
        }
        guard parts.count == 3, parts[2] == "BidiGenerateContent" else { return nil }
        let names = parts[1].split(separator: ".")
        guard names.count == 5, names[0...2] == ["google", "cloud", "aiplatform"],
            ["v1", "v1beta1"].contains(names[3]), names[4] == "LlmBidiService"
        else { return nil }
        return String(names[3])
    }

    /// The key or token, in whichever of the documented ways it is shown.
    static func credential(of request: HTTPRequest) -> String? {
        if let authorization = request.headers[.authorization] {
            let parts = authorization.split(separator: " ", maxSplits: 1)
            if parts.count == 2, ["token", "bearer"].contains(parts[0].lowercased()) { return String(parts[1]) }
        }
        if let key = request.headers[HTTPHeader("x-goog-api-key")], !key.isEmpty { return key }
        // Read from the bare target: a path that starts with two slashes is taken for a host name elsewhere.
        for item in request.target.query().split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, ["key", "access_token"].contains(parts[0]) else { continue }
            return parts[1].removingPercentEncoding
        }
        return nil
    }

    private static func message(for status: Int) -> String {
        switch status {
        case 401: "Request had invalid authentication credentials."
        case 403: "The caller does not have permission."
        case 429: "You exceeded your current quota, please check your plan and billing details."
        case 503: "The service is currently unavailable."
        default: "The request was refused."
        }
    }

    private static func name(of status: Int) -> String {
        switch status {
        case 400: "INVALID_ARGUMENT"
        case 401: "UNAUTHENTICATED"
        case 403: "PERMISSION_DENIED"
        case 404: "NOT_FOUND"
        case 429: "RESOURCE_EXHAUSTED"
        case 503: "UNAVAILABLE"
        default: status >= 500 ? "INTERNAL" : "UNKNOWN"
        }
    }

    private static func phrase(for status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        default: status >= 500 ? "Internal Server Error" : "Refused"
        }
    }
}
