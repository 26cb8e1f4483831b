import ArgumentParser
import Events
import LiveProtocol

/// Lists the models that this client knows.
struct Models: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List the live models that this client knows, and what it knows of each.",
        discussion: "Other models can be named, too; what they take is then found out by trying.")

    @Flag(help: "One JSON object a line.") var json = false

    func run() async throws {
        for family in ModelCatalogue.families {
            for name in family.prefixes {
                print(json ? Self.jsonLine(name, family) : Self.line(name, family))
            }
        }
    }

    static func line(_ name: String, _ family: ModelFamily) -> String {
        let mark = isDefault(name) ? ", the default" : ""
        return "\(name): \(family.name), \(family.stage.words)\(mark); answers in \(answers(family))"
    }

    static func jsonLine(_ name: String, _ family: ModelFamily) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("model", name)
            writer.member("name", family.name)
            writer.member("stage", family.stage.words)
            writer.member("default", isDefault(name))
            writer.member("answersIn", family.modalities.map { "\($0)" })
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func isDefault(_ name: String) -> Bool {
        ModelCatalogue.bareName(of: ModelCatalogue.defaultModel) == name
    }

    private static func answers(_ family: ModelFamily) -> String {
        family.modalities.map { "\($0)" }.joined(separator: " or ")
    }
}

extension ModelFamily.Stage {
    fileprivate var words: String {
        switch self {
        case .generallyAvailable: "generally available"
        case .preview: "preview"
        case .retired(let when): "retired (\(when))"
        case .unknown: "unknown"
        }
    }
}
