import Events
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
        settings.service.apiVersion = try found(.apiVersion)?.text
        settings.service.caFile = try path(.caFile)
        settings.service.proxy = try proxy(for: settings.service.endpoint)?.proxy.url
        settings.service.keyFile = try path(.keyFile)
        settings.service.tokenCommand = try found(.tokenCommand)?.text
        settings.service.model = try found(.model)?.text
        settings.persona.voice = try found(.voice)?.text
        settings.persona.language = try found(.language)?.text
        settings.persona.system = try systemInstruction()
        settings.audio = try audio()
        settings.turns = try turns()
        settings.wake = try wake()
        settings.session.setupTimeout = try wholeNumber(.setupTimeout).map { .seconds($0) } ?? .seconds(10)
        settings.session.answerTimeout = try wholeNumber(.answerTimeout).map { .seconds($0) } ?? .seconds(10)
        settings.session.recovery = try wholeNumber(.recovery).map { .seconds($0) } ?? .seconds(30)
        settings.session.connectionLimit = try wholeNumber(.connectionLimit).map { .seconds($0) }
        settings.transcription.languages = try list(.hearLanguages)
        settings.transcription.vocabulary = try list(.vocabulary)
        settings.archive = try archive()
        settings.observation = try observation()
        settings.log.level = Logger.Level(rawValue: try text(.logLevel)) ?? settings.log.level
        settings.config.isWatched = try text(.watch) == "on"
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

    private func audio() throws(AssistantError) -> Settings.Audio {
        var audio = Settings.Audio()
        audio.input = try text(.input)
        audio.output = try text(.output)
        audio.echoCancellation = try choice(.echoCancellation) ?? audio.echoCancellation
        audio.noiseSuppression = try choice(.noiseSuppression) ?? audio.noiseSuppression
        audio.highPass = try text(.highPass) == "on"
        audio.gainControl = try text(.gainControl) == "on"
        audio.volume = try wholeNumber(.volume).map { Double($0) / 100 }
        audio.mixer = try found(.mixer)?.text
        audio.cues = try choice(.cues) ?? audio.cues
        if let seconds = try wholeNumber(.restAfter) { audio.restAfter = seconds == 0 ? nil : .seconds(seconds) }
        return audio
    }

    private func turns() throws(AssistantError) -> Settings.Turns {
        var turns = Settings.Turns()
        turns.mode = try choice(.mode) ?? turns.mode
        turns.bargeIn = try choice(.bargeIn) ?? turns.bargeIn
        turns.silence = try wholeNumber(.silence).map { .milliseconds($0) }
        turns.startSensitivity = try choice(.startSensitivity)
        turns.endSensitivity = try choice(.endSensitivity)
        turns.prefixPadding = try wholeNumber(.prefixPadding).map { .milliseconds($0) }
        turns.coverage = try choice(.coverage)
        return turns
    }

    private func wake() throws(AssistantError) -> Settings.Wake {
        var wake = Settings.Wake()
        wake.phrase = try text(.wakePhrase)
        wake.threshold = Double(try text(.wakeThreshold)) ?? wake.threshold
        wake.command = try found(.wakeCommand)?.text
        wake.followUp = try wholeNumber(.followUp).map { .seconds($0) } ?? wake.followUp
        wake.idle = try wholeNumber(.wakeIdle).map { .seconds($0) } ?? wake.idle
        return wake
    }

    private func archive() throws(AssistantError) -> Settings.Archive {
        var archive = Settings.Archive()
        archive.isStoreOn = try text(.store) == "on"
        archive.recordings = try path(.recordings)
        archive.kilobitsPerSecond = try wholeNumber(.recordingRate) ?? archive.kilobitsPerSecond
        archive.rotateHours = try wholeNumber(.recordingHours)
        archive.rotateMegabytes = try wholeNumber(.recordingSize)
        archive.keepDays = try wholeNumber(.keepDays)
        archive.keepMegabytes = try wholeNumber(.keepSize)
        return archive
    }

    private func observation() throws(AssistantError) -> Settings.Observation {
        var observation = Settings.Observation()
        observation.prices = try path(.prices)
        observation.sessionBudget = try amount(.sessionBudget)
        observation.dayBudget = try amount(.dayBudget)
        observation.monthBudget = try amount(.monthBudget)
        observation.metricsListen = try path(.metricsListen)
        for (event, key) in zip(EventName.allCases, SettingKey.hooks) {
            observation.hooks[event] = try found(key)?.text
        }
        return observation
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

    private func amount(_ key: SettingKey) throws(AssistantError) -> Double? {
        try found(key).flatMap { Double($0.text) }
    }

    /// What stands between commas; nothing of it is empty.
    private func list(_ key: SettingKey) throws(AssistantError) -> [String] {
        guard let text = try found(key)?.text else { return [] }
        return text.split(separator: ",").map { $0.drop { $0 == " " } }.map { part in
            String(part.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }

    private func choice<Choice: RawRepresentable<String>>(_ key: SettingKey) throws(AssistantError) -> Choice? {
        try found(key).flatMap { Choice(rawValue: $0.text) }
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
