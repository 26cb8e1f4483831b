import ArgumentParser
import Assistant
import Glibc
import LiveProtocol
import Observation

/// Shows and checks settings.
struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show and check the settings.", subcommands: [Show.self, Check.self, Path.self],
        defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show what holds for every setting, and who said so; no secrets.",
            discussion: "Takes the flags of `talk`, to show what they would change. The output is a settings file.")

        @Flag(help: "One JSON object a line: key, value, source, and from when on a change holds.") var json = false
        @OptionGroup var flags: SettingFlags

        func run() async throws {
            try await Failure.reporting { () throws(AssistantError) in
                let report = try SettingsReport(flags.layers())
                print(json ? report.jsonLines : report.yaml, terminator: "")
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Check the settings files and variables; says what is wrong, where, and what was probably meant.")

        @OptionGroup var file: SettingsFileFlag

        func run() async throws {
            try await Failure.reporting { () throws(AssistantError) in
                let environment = Environment.current
                let places = SettingsPlaces(
                    environment: environment, configFile: file.config, profile: file.profile)
                let layers = try SettingLayers(environment: environment, places: places)
                let settings = try layers.settings()
                for (name, nearest) in layers.unknownVariables {
                    Failure.print("warning: \(name) names no setting; did you mean \(nearest)?")
                }
                let sources = CredentialSources(
                    settings.service, environment: environment, places: places)
                if sources.used != nil {
                    _ = try settings.endpoint(credential: try sources.credential())
                }
                try Self.checkObservation(settings, layers, environment)
                print("The settings are in order.")
            }
        }

        /// Hooks, the metrics' place, prices and budgets: what keeps an assistant from starting is thrown, all of it, and
        /// what it would run without is a warning.
        private static func checkObservation(
            _ settings: Settings, _ layers: SettingLayers, _ environment: [String: String]
        ) throws(AssistantError) {
            let model = settings.service.model ?? SessionSetup().model
            var fatal: [String] = []
            for flaw in settings.observation.plan.flaws(model: model, environment: environment) {
                let key = SettingKey.named(flaw.key)!  // the plan was made of these settings
                let place = try layers.found(key).map { "\($0.source): " } ?? ""
                let words = "\(place)`\(key.path)`: \(flaw.error.message)"
                let text = flaw.error.remedy.map { "\(words)\n  \($0)" } ?? words
                if flaw.isFatal { fatal.append(text) } else { Failure.print("warning: \(text)") }
            }
            guard fatal.isEmpty else { throw AssistantError(.configuration, fatal.joined(separator: "\n")) }
        }
    }

    struct Path: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "path",
            abstract: "Print the settings files' paths, strongest first; those that exist are marked.")

        @OptionGroup var file: SettingsFileFlag

        func run() async throws {
            let places = SettingsPlaces(environment: Environment.current, configFile: file.config)
            for path in [places.userFile, places.systemFile].compactMap({ $0 }) {
                print(access(path, R_OK) == 0 ? "\(path)  (read)" : path)
            }
        }
    }
}
