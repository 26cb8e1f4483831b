import ArgumentParser
import Assistant
import Glibc

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
                    keyFile: settings.service.keyFile, environment: environment, places: places)
                if sources.places.contains(where: { $0.isSet }) {
                    _ = try settings.endpoint(credential: try sources.credential())
                }
                print("The settings are in order.")
            }
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
