/// An HTTP proxy, as written in a setting: `http://[user[:password]@]host[:port]`, the scheme optional.
struct ProxyAddress: Hashable, Sendable {
    /// Name or address, without brackets.
    var host: String
    var port: Int
    /// `user:password` with percent escapes undone; never shown.
    var credentials: String?

    /// - Returns: nil when the text is not a proxy's URL. A port that is left out is 80.
    init?(_ text: String) {
        var rest = text[...]
        if let scheme = rest.firstRange(of: "://") {
            guard rest[..<scheme.lowerBound].lowercased() == "http" else { return nil }
            rest = rest[scheme.upperBound...]
        }
        rest = rest.prefix { $0 != "/" }
        if let at = rest.lastIndex(of: "@") {
            guard let decoded = Self.removingPercentEscapes(rest[..<at]) else { return nil }
            credentials = decoded
            rest = rest[rest.index(after: at)...]
        }
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
        } else {
            host = String(rest.prefix { $0 != ":" })
            rest = rest.dropFirst(host.count)
        }
        guard !host.isEmpty else { return nil }
        switch rest.first {
        case nil: port = 80
        case ":":
            guard let number = Int(rest.dropFirst()), (1...65535).contains(number) else { return nil }
            port = number
        default: return nil
        }
    }

    /// Where the proxy is, for error texts: no credentials.
    var place: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private static func removingPercentEscapes(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(String(Substring(rest.prefix(2))), radix: 16), rest.count >= 2 else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
