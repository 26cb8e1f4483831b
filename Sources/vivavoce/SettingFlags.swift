import ArgumentParser
import Assistant

/// A flag for every setting. Name, placeholder and help come from the table of keys; a test sees to it that none is
/// missing.
struct SettingFlags: ParsableArguments {
    @Option(.endpoint) var endpoint: String?
    @Option(.apiVersion) var apiVersion: String?
    @Option(.caFile) var caFile: String?
    @Option(.proxy) var proxy: String?
    @Option(.keyFile) var keyFile: String?
    @Option(.tokenCommand) var tokenCommand: String?
    @Option(.model) var model: String?
    @Option(.voice) var voice: String?
    @Option(.language) var language: String?
    @Option(.system) var system: String?
    @Option(.hearLanguages) var hearLanguages: String?
    @Option(.vocabulary) var vocabulary: String?
    @Option(.input) var input: String?
    @Option(.output) var output: String?
    @Option(.echoCancellation) var echoCancellation: String?
    @Option(.noiseSuppression) var noiseSuppression: String?
    @Option(.highPass) var highPass: String?
    @Option(.gainControl) var gainControl: String?
    @Option(.volume) var volume: String?
    @Option(.mixer) var mixer: String?
    @Option(.cues) var cues: String?
    @Option(.restAfter) var restAfter: String?
    @Option(.mode) var mode: String?
    @Option(.silence) var silence: String?
    @Option(.startSensitivity) var startSensitivity: String?
    @Option(.endSensitivity) var endSensitivity: String?
    @Option(.prefixPadding) var prefixPadding: String?
    @Option(.coverage) var coverage: String?
    @Option(.bargeIn) var bargeIn: String?
    @Option(.wakePhrase) var wakePhrase: String?
    @Option(.wakeThreshold) var wakeThreshold: String?
    @Option(.wakeCommand) var wakeCommand: String?
    @Option(.followUp) var followUp: String?
    @Option(.wakeIdle) var wakeIdle: String?
    @Option(.setupTimeout) var setupTimeout: String?
    @Option(.answerTimeout) var answerTimeout: String?
    @Option(.recovery) var recovery: String?
    @Option(.connectionLimit) var connectionLimit: String?
    @Option(.store) var store: String?
    @Flag(help: "Keep nothing of what is said; short for --store off.") var noStore = false
    @Option(.recordings) var recordings: String?
    @Option(.recordingRate) var recordingRate: String?
    @Option(.recordingHours) var recordingHours: String?
    @Option(.recordingSize) var recordingSize: String?
    @Option(.keepDays) var keepDays: String?
    @Option(.keepSize) var keepSize: String?
    @Option(.prices) var prices: String?
    @Option(.sessionBudget) var sessionBudget: String?
    @Option(.dayBudget) var dayBudget: String?
    @Option(.monthBudget) var monthBudget: String?
    @Option(.metricsListen) var metricsListen: String?
    @Option(
        name: .customLong("hook"),
        help: ArgumentHelp(
            "Run a program at an event, such as turn.started; may be given several times.", valueName: "EVENT=COMMAND"))
    var hooks: [Hook] = []
    @Option(.logLevel) var logLevel: String?
    @Option(.watch) var watch: String?
    @OptionGroup var file: SettingsFileFlag

    /// What the command line set, by the key's path.
    var values: [String: String] {
        let all: [(SettingKey, String?)] = [
            (.endpoint, endpoint), (.apiVersion, apiVersion), (.caFile, caFile), (.proxy, proxy), (.keyFile, keyFile),
            (.tokenCommand, tokenCommand), (.model, model), (.voice, voice), (.language, language), (.system, system),
            (.hearLanguages, hearLanguages), (.vocabulary, vocabulary), (.input, input),
            (.output, output), (.echoCancellation, echoCancellation), (.noiseSuppression, noiseSuppression),
            (.highPass, highPass), (.gainControl, gainControl), (.volume, volume), (.mixer, mixer), (.cues, cues),
            (.restAfter, restAfter),
            (.mode, mode), (.silence, silence), (.startSensitivity, startSensitivity),
            (.endSensitivity, endSensitivity), (.prefixPadding, prefixPadding), (.coverage, coverage),
            (.bargeIn, bargeIn), (.wakePhrase, wakePhrase), (.wakeThreshold, wakeThreshold),
            (.wakeCommand, wakeCommand), (.followUp, followUp), (.wakeIdle, wakeIdle),
            (.setupTimeout, setupTimeout), (.answerTimeout, answerTimeout),
            (.recovery, recovery), (.connectionLimit, connectionLimit), (.store, noStore ? "off" : store),
            (.recordings, recordings), (.recordingRate, recordingRate), (.recordingHours, recordingHours),
            (.recordingSize, recordingSize), (.keepDays, keepDays), (.keepSize, keepSize), (.prices, prices),
            (.sessionBudget, sessionBudget),
            (.dayBudget, dayBudget), (.monthBudget, monthBudget), (.metricsListen, metricsListen),
            (.logLevel, logLevel), (.watch, watch),
        ]
        let values = all.compactMap { key, value in value.map { (key.path, $0) } }
        return Dictionary(values + hooks.map { ($0.path, $0.command) }) { _, last in last }
    }

    /// Reads and checks the settings files; flags come on top.
    func layers() throws(AssistantError) -> SettingLayers {
        try SettingLayers(flags: values, environment: Environment.current, places: places)
    }

    /// Where the settings files lie.
    var places: SettingsPlaces {
        SettingsPlaces(environment: Environment.current, configFile: file.config, profile: file.profile)
    }
}

/// `EVENT=COMMAND`.
struct Hook: ExpressibleByArgument {
    let path: String
    let command: String

    /// - Returns: nil for an event that there is not, and for no command.
    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let key = SettingKey.hooks.first(where: { $0.name == parts[0] }) else { return nil }
        path = key.path
        command = String(parts[1])
    }
}

/// Which file holds the user's settings, and which profile of it is used.
struct SettingsFileFlag: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Your settings file (default: VIVAVOCE_CONFIG, then ~/.config/vivavoce/vivavoce.yaml).",
            valueName: "FILE"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Profile of the settings files to use (default: VIVAVOCE_PROFILE, then the key `profile`).",
            valueName: "NAME"))
    var profile: String?
}

extension Option where Value == String? {
    /// A flag as the table of keys describes it.
    init(_ key: SettingKey) {
        let preset = key.preset.map { " (default: \($0))" } ?? ""
        let summary = key.summary.prefix(1).uppercased() + key.summary.dropFirst()
        self.init(
            name: .customLong(key.flag),
            help: ArgumentHelp("\(summary)\(preset).", valueName: key.placeholder))
    }
}
