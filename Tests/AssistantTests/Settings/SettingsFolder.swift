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

extension SettingsFolder {
    /// Puts a `secret-tool` on PATH, and a session bus into the environment that it does not ask.
    ///
    /// - Parameter script: for sh; `$1` is lookup, store or clear, and `$HOME` the folder.
    func fakeSecretTool(_ script: String) throws {
        try makeFolder(path + "/bin")
        try write("#!/bin/sh\n\(script)\n", to: path + "/bin/secret-tool")
        chmod(path + "/bin/secret-tool", 0o755)
        // A program that another test starts at this moment has our descriptor until it is one, and what is open for
        // writing cannot be run (ETXTBSY). A lease is given when nobody has it open so (fcntl(2), F_SETLEASE).
        let file = open(path + "/bin/secret-tool", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        while fcntl(file, 1024, CInt(F_RDLCK)) != 0, errno == EAGAIN { usleep(1_000) }
        environment["PATH"] = path + "/bin:/usr/bin:/bin"
        environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    }
}
