import Configuration

/// Where settings come from, strongest first: flags, environment, the user's file, the system's file, defaults. The
/// chosen profile of a file lies over that file's own values.
package struct SettingLayers: Sendable {
    /// Where one value was found.
    package enum Source: Sendable, Equatable, CustomStringConvertible {
        case flag(String)
        case environment(String)
        case file(String, line: Int)
        case profile(String, file: String, line: Int)
        case preset

        package var description: String {
            switch self {
            case .flag(let name): "--\(name)"
            case .environment(let name): name
            case .file(let path, let line): "\(path):\(line)"
            case .profile(let name, let path, let line): "\(path):\(line) (profile \(name))"
            case .preset: "default"
            }
        }
    }

    package struct Found: Sendable, Equatable {
        package let text: String
        package let source: Source
    }

    private enum Layer: Sendable {
        case flags
        case environment
        case file(SettingsFile)
        case profile(String, SettingsFile)

        var isOfProcess: Bool {
            switch self {
            case .flags, .environment: true
            case .file, .profile: false
            }
        }
    }

    private let layers: [(kind: Layer, provider: any ConfigProvider)]
    let environment: [String: String]
    package let places: SettingsPlaces
    /// The profile that is used, and who chose it; nil for none.
    package let profile: ChosenProfile?

    /// Reads the files that exist and checks them.
    ///
    /// - Parameters:
    ///   - flags: what the command line set, by `SettingKey.path`.
    ///   - environment: the process's variables; empty ones count as unset.
    /// - Throws: `.configuration` with file, line and nearest valid key, or the nearest profile; `.noInput` when a file
    ///   that was named is missing.
    package init(
        flags: [String: String] = [:], environment: [String: String], places: SettingsPlaces
    ) throws(AssistantError) {
        var files: [SettingsFile] = []
        if let path = places.userFile {
            if let file = try SettingsFile.read(path, environment: environment) {
                files.append(file)
            } else if places.isUserFileNamed {
                throw AssistantError(.noInput, "There is no settings file \(path).")
            }
        }
        if let file = try SettingsFile.read(places.systemFile, environment: environment) { files.append(file) }

        let ours = environment.filter { $0.key.hasPrefix("VIVAVOCE_") && !$0.value.isEmpty }
        var layers: [(kind: Layer, provider: any ConfigProvider)] = [
            (.flags, Self.provider("flags", flags)),
            (
                .environment,
                EnvironmentVariablesProvider(environmentVariables: ours).prefixKeys(with: "vivavoce")
            ),
        ]
        let profile = try ChosenProfile(places: places, environment: environment, files: files)
        for file in files {
            if let profile, let values = file.profiles[profile.name] {
                layers.append(
                    (.profile(profile.name, file), Self.provider(file.path + " profile", values.mapValues(\.text))))
            }
            layers.append((.file(file), Self.provider(file.path, file.values.mapValues(\.text))))
        }
        self.profile = profile
        self.layers = layers
        self.environment = environment
        self.places = places
    }

    /// What holds for a key: the value of the strongest layer that has one.
    ///
    /// - Returns: nil when it is not set and has no default of its own.
    /// - Throws: `.usage` for a flag and `.configuration` for a variable that holds what the key does not accept.
    package func found(_ key: SettingKey) throws(AssistantError) -> Found? {
        try found(key, in: layers[...]) ?? key.preset.map { Found(text: $0, source: .preset) }
    }

    /// What the files alone say about a key, or its default.
    func foundInFiles(_ key: SettingKey) throws(AssistantError) -> Found? {
        try found(key, in: layers.drop { $0.kind.isOfProcess }) ?? key.preset.map { Found(text: $0, source: .preset) }
    }

    private func found(
        _ key: SettingKey, in layers: ArraySlice<(kind: Layer, provider: any ConfigProvider)>
    ) throws(AssistantError) -> Found? {
        let name = AbsoluteConfigKey(ConfigKey(key.path))
        for (layer, provider) in layers {
            // Every layer keeps texts, so that one table checks them and a refusal cannot be about types.
            let result = try? provider.value(forKey: name, type: .string)
            guard case .string(let text) = result?.value?.content else { continue }
            let source: Source =
                switch layer {
                case .flags: .flag(key.flag)
                case .environment: .environment(key.environmentName)
                case .file(let file): .file(file.path, line: file.values[key.path]!.line)
                case .profile(let name, let file):
                    .profile(name, file: file.path, line: file.profiles[name]![key.path]!.line)
                }
            guard key.accepts.accepts(text) else {
                throw AssistantError(
                    source == .flag(key.flag) ? .usage : .configuration,
                    "\(source) is \(Redaction.quote(text)); accepted: \(key.accepts).")
            }
            return Found(text: text, source: source)
        }
        return nil
    }

    /// Variables that look like ours and name no setting, each with the one that was probably meant.
    package var unknownVariables: [(name: String, nearest: String)] {
        let known = Set(
            (SettingKey.all + SettingKey.hooks).map(\.environmentName) + [
                "VIVAVOCE_KEY", "VIVAVOCE_CONFIG", "VIVAVOCE_PROFILE", "VIVAVOCE_SOCKET",
            ])
        return environment.keys.filter { $0.hasPrefix("VIVAVOCE_") && !known.contains($0) }.sorted().map {
            ($0, SettingKey.nearest(toEnvironmentName: $0).environmentName)
        }
    }

    private static func provider(_ name: String, _ values: [String: String]) -> InMemoryProvider {
        let pairs = values.map { (AbsoluteConfigKey(ConfigKey($0)), ConfigValue(.string($1), isSecret: false)) }
        return InMemoryProvider(name: name, values: Dictionary(uniqueKeysWithValues: pairs))
    }
}
