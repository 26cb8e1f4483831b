import Assistant
import FoundationEssentials
import Glibc

/// A home of its own for one test: settings files and keys, and the environment that leads to them.
final class SettingsFolder {
    let path: String
    var environment: [String: String]

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/vivavoce-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path + "/config/vivavoce", withIntermediateDirectories: true)
        environment = ["HOME": path, "XDG_CONFIG_HOME": path + "/config"]
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var userFile: String { path + "/config/vivavoce/vivavoce.yaml" }
    var systemFile: String { path + "/system.yaml" }

    func write(_ text: String, to file: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file))
    }

    /// Puts a file in the place of another, as editors do.
    func move(_ file: String, to place: String) throws {
        guard rename(file, place) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    func link(_ file: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: target)
    }

    func makeFolder(_ folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: file) }

    func places(config: String? = nil) -> SettingsPlaces {
        SettingsPlaces(environment: environment, configFile: config, systemFile: systemFile)
    }

    func layers(flags: [String: String] = [:], config: String? = nil) throws(AssistantError) -> SettingLayers {
        try SettingLayers(flags: flags, environment: environment, places: places(config: config))
    }
}
