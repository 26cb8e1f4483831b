import Events

/// The effective settings as `config show` prints them: every key, its value and who set it, and the hooks that are set. No secret is in it.
package struct SettingsReport: Sendable {
    package struct Line: Sendable, Equatable {
        package let key: String
        /// Nil when nothing is set and the decision is made later.
        package let value: String?
        package let source: String
        package let reload: ReloadClass
    }

    package let lines: [Line]
    /// Where the key would come from; nil when there is none.
    package let keySource: String?
    package let profile: ChosenProfile?

    package init(_ layers: SettingLayers) throws(AssistantError) {
        let settings = try layers.settings()
        var lines: [Line] = []
        for key in SettingKey.all {
            let found = try layers.found(key)
            var line = Line(
                key: key.path, value: found?.text, source: found?.source.description ?? "default", reload: key.reload)
            if key.path == SettingKey.proxy.path, let proxy = try layers.proxy(for: settings.service.endpoint) {
                line = Line(key: key.path, value: proxy.proxy.shown, source: proxy.source, reload: key.reload)
            }
            lines.append(line)
        }
        for key in SettingKey.hooks {
            guard let found = try layers.found(key) else { continue }
            lines.append(
                Line(key: key.path, value: found.text, source: found.source.description, reload: key.reload))
        }
        self.lines = lines
        profile = layers.profile
        keySource =
            CredentialSources(
                settings.service, environment: layers.environment, places: layers.places
            ).used?.name
    }

    /// A settings file that would give these settings, with the sources as comments.
    package var yaml: String {
        var text = "# key: \(keySource.map { "set (\($0))" } ?? "unset")\n"
        if let profile { text += "# profile: \(TerminalText.sanitized(profile.name)) (\(profile.source))\n" }
        var section: Substring = ""
        for line in lines {
            let path = line.key.split(separator: ".", maxSplits: 1)
            if path[0] != section {
                section = path[0]
                text += "\(section):\n"
            }
            let value = line.value.map { " " + Self.scalar($0) } ?? ""
            text += "  \(path[1]):\(value)  # \(line.source)\n"
        }
        return text
    }

    /// One JSON object a line: `key`, `value` unless unset, `source`, and `reload`, from when on a change holds; last the key for the service, without its value.
    package var jsonLines: String {
        var text = ""
        for line in lines {
            text += Self.json {
                $0.member("key", line.key)
                $0.member("value", ifPresent: line.value)
                $0.member("source", line.source)
                $0.member("reload", line.reload.rawValue)
            }
        }
        return text
            + Self.json {
                $0.member("key", "service.key")
                $0.member("value", keySource == nil ? "unset" : "set")
                $0.member("source", ifPresent: keySource)
            }
    }

    private static func json(_ members: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        writer.object(members)
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }

    /// A YAML scalar: plain where that is safe, else in double quotes as JSON has them, which YAML reads alike.
    private static func scalar(_ text: String) -> String {
        let isPlain =
            text.first.map { $0.isLetter || $0.isNumber || $0 == "/" } == true
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._:-@+".contains($0)) }
            && !["true", "false", "yes", "no", "null", "on", "off"].contains(text.lowercased())
            && !text.hasSuffix(":")
        guard !isPlain else { return text }
        var writer = JSONWriter()
        writer.object { $0.member("v", text) }
        return String(decoding: writer.bytes.dropFirst(5).dropLast(), as: UTF8.self)
    }
}
