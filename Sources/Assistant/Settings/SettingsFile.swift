import Glibc
import Yams

/// One settings file, read and checked against the table of keys.
struct SettingsFile: Sendable {
    struct Value: Sendable, Equatable {
        let text: String
        let line: Int
    }

    let path: String
    /// Values by key path; a key without a value is not there.
    let values: [String: Value]
    /// The same of each profile, which lie over `values` when they are chosen.
    let profiles: [String: [String: Value]]
    /// The profile that the file chooses.
    let profile: Value?

    /// Longer than any settings file; keeps a wrong path from being read to its end.
    private static let longest = 1 << 20

    /// - Returns: nil when there is no such file.
    static func read(
        _ path: String, environment: [String: String]
    ) throws(AssistantError) -> SettingsFile? {
        let path = FileText.expand(path, environment: environment)
        if access(path, F_OK) != 0, errno == ENOENT || errno == ENOTDIR { return nil }
        let text: String
        do {
            text = try FileText.read(path, what: "settings file", limit: longest, environment: environment)
        } catch  where error.exit == .badInput {
            throw AssistantError(.configuration, error.message)
        }
        return try SettingsFile(path: path, text: text)
    }

    /// - Throws: `.configuration` with one line for every problem: file, line, what is wrong and what would be right.
    init(path: String, text: String) throws(AssistantError) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw AssistantError(.configuration, Self.describe(error, path: path))
        }
        var reader = Reader(path: path)
        if let root { reader.readRoot(root) }
        guard reader.problems.isEmpty else {
            throw AssistantError(
                .configuration, reader.problems.joined(separator: "\n"),
                remedy: "`vivavoce config show` lists every key and where its value comes from.")
        }
        self.path = path
        values = reader.values
        profiles = reader.profiles
        profile = reader.profile
    }

    /// Walks a document and notes what is wrong with it, without stopping at the first.
    private struct Reader {
        let path: String
        var values: [String: Value] = [:]
        var profiles: [String: [String: Value]] = [:]
        var profile: Value?
        var problems: [String] = []

        private static let sections = Set((SettingKey.all + SettingKey.hooks).map { String($0.section) })

        private mutating func report(_ node: Node, _ problem: String) {
            problems.append("\(path):\(node.mark?.line ?? 1): \(problem)")
        }

        mutating func readRoot(_ root: Node) {
            guard let mapping = root.mapping else {
                if root.null == nil { report(root, "a settings file holds sections, such as `service:`") }
                return
            }
            for (key, value) in mapping {
                switch key.scalar?.string {
                case "profile": readChoice(value)
                case "profiles": readProfiles(value)
                default: values.merge(readSection(key, value)) { $1 }
                }
            }
        }

        private mutating func readChoice(_ node: Node) {
            guard node.null == nil else { return }
            guard let name = node.scalar?.string, !name.isEmpty else {
                report(node, "`profile` takes one value: the name of a profile")
                return
            }
            profile = Value(text: name, line: node.mark?.line ?? 1)
        }

        private mutating func readProfiles(_ node: Node) {
            guard let mapping = node.mapping else {
                if node.null == nil { report(node, "`profiles` holds profiles by name, not a value") }
                return
            }
            for (key, sections) in mapping {
                let name = key.scalar?.string ?? ""
                profiles[name] = [:]
                guard let mapping = sections.mapping else {
                    if sections.null == nil {
                        report(sections, "a profile holds sections, such as `audio:`")
                    }
                    continue
                }
                for (key, value) in mapping { profiles[name, default: [:]].merge(readSection(key, value)) { $1 } }
            }
        }

        /// - Returns: what of it is right, by the keys' paths.
        private mutating func readSection(_ key: Node, _ node: Node) -> [String: Value] {
            let section = key.scalar?.string ?? ""
            guard Self.sections.contains(section) else {
                report(key, unknown(section: section))
                return [:]
            }
            guard let mapping = node.mapping else {
                if node.null == nil {
                    let keys = (SettingKey.all + SettingKey.hooks).filter { $0.section == section }.map {
                        "`\($0.name)`"
                    }
                    report(node, "`\(section)` holds keys (\(keys.joined(separator: ", "))), not a value")
                }
                return [:]
            }
            var values: [String: Value] = [:]
            for (key, value) in mapping {
                let path = "\(section).\(key.scalar?.string ?? "")"
                guard let setting = SettingKey.named(path) else {
                    report(key, unknown(path))
                    continue
                }
                // YAML's word for nothing is also a device's name.
                let isDevice = setting.accepts == .device && value.scalar?.string == "null"
                if value.null != nil, !isDevice { continue }
                guard let text = value.scalar?.string else {
                    report(value, "`\(path)` takes one value: \(setting.accepts)")
                    continue
                }
                guard setting.accepts.accepts(text) else {
                    report(value, "`\(path)` is \(Redaction.quote(text)); accepted: \(setting.accepts)")
                    continue
                }
                values[path] = Value(text: text, line: value.mark?.line ?? key.mark?.line ?? 1)
            }
            return values
        }

        private func unknown(section: String) -> String {
            guard let choice = ["profile", "profiles"].first(where: { SettingKey.slips(from: section, to: $0) == 1 })
            else { return unknown(section) }
            return "unknown key `\(Redaction.clip(section))`; did you mean `\(choice)`?"
        }

        private func unknown(_ path: String) -> String {
            "unknown key `\(Redaction.clip(path))`; did you mean `\(SettingKey.nearest(to: path).path)`?"
        }
    }

    private static func describe(_ error: any Error, path: String) -> String {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            "\(path):\(mark.line): not YAML: \(problem)"
        case YamlError.duplicatedKeysInMapping(let duplicates, let context):
            "\(path):\(context.mark.line): set twice: \(duplicates.map(Redaction.quote).joined(separator: ", "))"
        case YamlError.reader(let problem, _, _, _):
            "\(path):1: not YAML: \(problem)"
        default:
            "\(path):1: not YAML"
        }
    }
}
