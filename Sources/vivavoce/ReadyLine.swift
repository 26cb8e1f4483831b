import Assistant
import FoundationEssentials

/// What the stand-in says once it listens: `{"ready":true,"url":"ws://127.0.0.1:PORT"}`.
enum ReadyLine {
    private struct Content: Decodable {
        let ready: Bool
        let url: String
    }

    /// - Parameter output: what came on its stdout; the first line counts.
    /// - Returns: where it listens; nil when the line says something else.
    static func address(in output: [UInt8]) -> ServiceAddress? {
        let line = Data(output.prefix { $0 != UInt8(ascii: "\n") })
        guard let content = try? JSONDecoder().decode(Content.self, from: line), content.ready else { return nil }
        return ServiceAddress(content.url)
    }
}
