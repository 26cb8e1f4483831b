import Events
import FoundationEssentials
import Observation
import Testing

/// Events of one conversation, at moments of the test's choice.
func event(_ body: Event.Body, at: Int64 = 0, session: String? = "s1") -> Event {
    Event(at: at, session: session, body)
}

func usage(_ input: [String: Int], _ output: [String: Int] = [:]) -> Event.Body {
    let tokens = UsageReport.Tokens(
        input: input, output: output, total: input.values.reduce(0, +) + output.values.reduce(0, +))
    return .usage(UsageReport(turn: tokens, session: tokens))
}

/// A file of this package.
func packageFile(_ path: String) throws -> String {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    return try String(contentsOfFile: root + "/" + path, encoding: .utf8)
}

/// A folder of its own that is gone after the test.
final class Folder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/vivavoce-observation-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
