/// Where the page is served: a port of this machine's own address, or a socket in the file system.
package enum MetricsAddress: Sendable, Equatable {
    case port(host: String, UInt16)
    case socket(String)

    /// - Throws: for what others than this machine could reach, and for what is no address.
    package init(_ text: String) throws(ObservationError) {
        guard !text.contains("/") else {
            self = .socket(text)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            throw ObservationError(.settings, "metrics.listen is \(text.prefix(100)).", remedy: Self.accepted)
        }
        switch text[..<colon] {
        case "localhost", "127.0.0.1": self = .port(host: "127.0.0.1", port)
        case "[::1]": self = .port(host: "::1", port)
        default:
            throw ObservationError(
                .settings, "metrics.listen is \(text.prefix(100)), which others than this machine may reach.",
                remedy: Self.accepted + " Let a proxy with a password stand before it where others are to read it.")
        }
    }

    private static let accepted = "Take 127.0.0.1:PORT, [::1]:PORT, or the path of a socket."
}
