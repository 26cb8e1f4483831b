/// One thing that can be set, under all its names.
///
/// The table `all` is the only place where a setting is described: flags and their help, environment names, the check
/// of settings files, `config show` and the annotated `config/vivavoce.yaml` follow from it or are tested against it.
package struct SettingKey: Sendable {
    /// Section and name as in a settings file, such as `service.apiVersion`.
    package let path: String
    /// The flag without its dashes.
    package let flag: String
    /// What stands for the value in help.
    package let placeholder: String
    package let accepts: Accepts
    /// What holds when nothing is set; nil where that is decided later, as `summary` says.
    package let preset: String?
    /// What it means, without a full stop.
    package let summary: String

    /// The kinds of value; `accepts(_:)` checks, `description` is for messages.
    package enum Accepts: Sendable, Equatable, CustomStringConvertible {
        case text(String)
        /// Letters, digits, dots, dashes and underscores.
        case word(String)
        case address
        case proxy
        /// A device's name; `null` is one of them.
        case device
        case wholeNumber(ClosedRange<Int>)
        case oneOf([String])

        package func accepts(_ text: String) -> Bool {
            switch self {
            case .text, .device: !text.isEmpty
            case .word:
                !text.isEmpty
                    && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
            case .address: ServiceAddress(text) != nil
            case .proxy: ProxyAddress(text) != nil
            case .wholeNumber(let range): Int(text).map(range.contains) ?? false
            case .oneOf(let words): words.contains(text)
            }
        }

        package var description: String {
            switch self {
            case .text(let what), .word(let what): what
            case .address: ServiceAddress.accepted
            case .device: "a device, as `vivavoce devices` lists them"
            case .proxy: ProxyAddress.accepted
            case .wholeNumber(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
            case .oneOf(let words): words.joined(separator: ", ")
            }
        }
    }

    /// The section, such as `service`.
    package var section: Substring { path.prefix { $0 != "." } }
    /// The name within its section, such as `apiVersion`.
    package var name: Substring { path.dropFirst(section.count + 1) }

    /// Such as `VIVAVOCE_SERVICE_API_VERSION`: words of the path in capitals, joined by underscores.
    package var environmentName: String {
        var name = "VIVAVOCE_"
        for character in path {
            if character.isUppercase { name += "_" }
            name += character == "." ? "_" : character.uppercased()
        }
        return name
    }
}

extension SettingKey {
    package static let endpoint = SettingKey(
        path: "service.endpoint", flag: "endpoint", placeholder: "URL", accepts: .address,
        preset: ServiceAddress.developerAPI.description, summary: "where the service listens")
    package static let apiVersion = SettingKey(
        path: "service.apiVersion", flag: "api-version", placeholder: "V",
        accepts: .word("a version such as v1beta"), preset: "v1beta", summary: "version of the Live API to speak")
    package static let caFile = SettingKey(
        path: "service.caFile", flag: "ca-file", placeholder: "FILE", accepts: .text("a PEM file"), preset: nil,
        summary: "certificates to trust beside the system's")
    package static let proxy = SettingKey(
        path: "service.proxy", flag: "proxy", placeholder: "URL", accepts: .proxy, preset: nil,
        summary: "HTTP proxy to go through (default: https_proxy and no_proxy decide)")
    package static let keyFile = SettingKey(
        path: "service.keyFile", flag: "key-file", placeholder: "FILE", accepts: .text("a file"), preset: nil,
        summary:
            "file that holds the key (default: VIVAVOCE_KEY, GEMINI_API_KEY, GOOGLE_API_KEY, then the stored key)")
    package static let model = SettingKey(
        path: "service.model", flag: "model", placeholder: "NAME", accepts: .text("a model's name"), preset: nil,
        summary: "model to talk to (default: the newest generally available live model; see `vivavoce models`)")

    package static let voice = SettingKey(
        path: "persona.voice", flag: "voice", placeholder: "NAME", accepts: .word("a voice's name, one word"),
        preset: nil,
        summary: "voice to answer with (default: the service's choice)")
    package static let language = SettingKey(
        path: "persona.language", flag: "language", placeholder: "TAG", accepts: .word("a tag such as en-US"),
        preset: nil, summary: "language to speak, such as en-US (default: the service's choice)")
    package static let system = SettingKey(
        path: "persona.system", flag: "system", placeholder: "TEXT|@FILE", accepts: .text("a text, or @FILE"),
        preset: nil, summary: "instructions for the model, or @ and a file that holds them")

    package static let input = SettingKey(
        path: "audio.input", flag: "input", placeholder: "DEV", accepts: .device, preset: "default",
        summary: "where your voice comes from; ? lists the choices")
    package static let output = SettingKey(
        path: "audio.output", flag: "output", placeholder: "DEV", accepts: .device, preset: "default",
        summary: "where the answer goes; ? lists the choices")

    package static let mode = SettingKey(
        path: "turns.mode", flag: "mode", placeholder: "open", accepts: .oneOf([Settings.Turns.Mode.open.rawValue]),
        preset: "open", summary: "when you are heard; open: always, and the service notices when you speak")
    package static let silence = SettingKey(
        path: "turns.silenceMilliseconds", flag: "silence", placeholder: "MS", accepts: .wholeNumber(1...60_000),
        preset: nil, summary: "quiet that ends your turn, in milliseconds (default: the service's choice)")
    package static let startSensitivity = SettingKey(
        path: "turns.startSensitivity", flag: "start-sensitivity", placeholder: "low|high",
        accepts: .oneOf(["low", "high"]), preset: nil,
        summary: "how readily sound is taken for speech (default: the service's choice)")
    package static let endSensitivity = SettingKey(
        path: "turns.endSensitivity", flag: "end-sensitivity", placeholder: "low|high",
        accepts: .oneOf(["low", "high"]), preset: nil,
        summary: "how readily quiet is taken for the end of your turn (default: the service's choice)")

    package static let setupTimeout = SettingKey(
        path: "session.setupTimeoutSeconds", flag: "setup-timeout", placeholder: "SECONDS",
        accepts: .wholeNumber(1...600), preset: "10", summary: "how long the service may take to accept the setup")
    package static let answerTimeout = SettingKey(
        path: "session.answerTimeoutSeconds", flag: "answer-timeout", placeholder: "SECONDS",
        accepts: .wholeNumber(1...600), preset: "10",
        summary: "how long an answer may take to begin before the connection is changed")
    package static let recovery = SettingKey(
        path: "session.recoverySeconds", flag: "recover-for", placeholder: "SECONDS",
        accepts: .wholeNumber(1...86_400), preset: "30",
        summary: "how long a lost session is tried to be brought back")
    package static let connectionLimit = SettingKey(
        path: "session.connectionLimitSeconds", flag: "connection-limit", placeholder: "SECONDS",
        accepts: .wholeNumber(10...86_400), preset: nil,
        summary: "how long the service keeps one connection, which is left in time (default: as known of the model)")

    package static let logLevel = SettingKey(
        path: "log.level", flag: "log-level", placeholder: "LEVEL",
        accepts: .oneOf(["trace", "debug", "info", "notice", "warning", "error", "critical"]), preset: "warning",
        summary: "what is logged to stderr: this and what is graver")

    /// Every setting, in the order in which files and listings show them.
    package static let all: [SettingKey] = [
        endpoint, apiVersion, caFile, proxy, keyFile, model, voice, language, system, input, output, mode, silence,
        startSensitivity, endSensitivity, setupTimeout, answerTimeout, recovery, connectionLimit, logLevel,
    ]

    package static func named(_ path: String) -> SettingKey? { all.first { $0.path == path } }
}
