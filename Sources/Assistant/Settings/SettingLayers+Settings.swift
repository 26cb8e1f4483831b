import Logging

extension SettingLayers {
    /// Every setting with the strongest value that was found for it.
    ///
    /// - Parameter until: what `--until` said; without it the input decides.
    /// - Throws: `.usage` for a flag, `.configuration` for a variable or file with a value that is not accepted;
    ///   `.noInput` when the file of `persona.system` cannot be read.
    package func settings(until: String? = nil) throws(AssistantError) -> Settings {
        var settings = Settings()
        if let address = ServiceAddress(try text(.endpoint)) { settings.service.endpoint = address }
        settings.service.apiVersion = try text(.apiVersion)
        settings.service.caFile = try path(.caFile)
        settings.service.proxy = try proxy(for: settings.service.endpoint)?.proxy.url
        settings.service.keyFile = try path(.keyFile)
        settings.service.model = try found(.model)?.text
        settings.persona.voice = try found(.voice)?.text
        settings.persona.language = try found(.language)?.text
        settings.persona.system = try systemInstruction()
        settings.audio.input = try text(.input)
        settings.audio.output = try text(.output)
        settings.turns.mode = Settings.Turns.Mode(rawValue: try text(.mode)) ?? settings.turns.mode
        settings.turns.silence = try wholeNumber(.silence).map { .milliseconds($0) }
        settings.turns.startSensitivity = try found(.startSensitivity).flatMap { .init(rawValue: $0.text) }
        settings.turns.endSensitivity = try found(.endSensitivity).flatMap { .init(rawValue: $0.text) }
        settings.session.setupTimeout = try wholeNumber(.setupTimeout).map { .seconds($0) } ?? .seconds(10)
        settings.session.answerTimeout = try wholeNumber(.answerTimeout).map { .seconds($0) } ?? .seconds(10)
        settings.session.recovery = try wholeNumber(.recovery).map { .seconds($0) } ?? .seconds(30)
        settings.session.connectionLimit = try wholeNumber(.connectionLimit).map { .seconds($0) }
        settings.log.level = Logger.Level(rawValue: try text(.logLevel)) ?? settings.log.level
        settings.until = Until(forInput: settings.audio.input)
        if let until {
            guard let parsed = Until(until) else {
                throw AssistantError(
                    .usage, "--until is \(Redaction.quote(until)); accepted: \(Until.accepted).")
            }
            settings.until = parsed
        }
        return settings
    }

    /// The proxy on the way to an address, and who named it.
    func proxy(for address: ServiceAddress) throws(AssistantError) -> (source: String, proxy: ProxyAddress)? {
        if let found = try found(.proxy), let proxy = ProxyAddress(found.text) {
            return (found.source.description, proxy)
        }
        return try ProxyAddress.fromEnvironment(environment, for: address).map { ($0.name, $0.proxy) }
    }

    /// - Precondition: the key has a default.
    private func text(_ key: SettingKey) throws(AssistantError) -> String {
        guard let found = try found(key) else { preconditionFailure("\(key.path) has no default") }
        return found.text
    }

    private func path(_ key: SettingKey) throws(AssistantError) -> String? {
        try found(key).map { FileText.expand($0.text, environment: environment) }
    }

    private func wholeNumber(_ key: SettingKey) throws(AssistantError) -> Int? {
        try found(key).flatMap { Int($0.text) }
    }

    /// Longest instruction that is read from a file, bytes; models take some 32 000 tokens at most.
    private static let longestInstruction = 256 * 1024

    private func systemInstruction() throws(AssistantError) -> String? {
        guard let text = try found(.system)?.text else { return nil }
        guard text.hasPrefix("@") else { return text }
        return try FileText.read(
            String(text.dropFirst()), what: "instruction file", limit: Self.longestInstruction,
            environment: environment)
    }
}
