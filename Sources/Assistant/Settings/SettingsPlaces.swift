/// Where settings and keys lie, as the XDG base directories say.
package struct SettingsPlaces: Sendable, Equatable {
    /// `$XDG_CONFIG_HOME/vivavoce`; nil when the environment names neither that nor a home.
    package var directory: String?
    /// The user's settings: named by `--config` or `VIVAVOCE_CONFIG`, else `vivavoce.yaml` in `directory`.
    package var userFile: String?
    /// Whether somebody named the user's file, so that it must exist.
    package var isUserFileNamed: Bool
    /// The profile that `--profile` named.
    package var profile: String?
    /// Settings for everyone on this machine.
    package var systemFile: String

    /// - Parameters:
    ///   - configFile: what `--config` named.
    ///   - profile: what `--profile` named.
    ///   - systemFile: another than the real one for tests.
    package init(
        environment: [String: String], configFile: String? = nil, profile: String? = nil,
        systemFile: String = "/etc/vivavoce/vivavoce.yaml"
    ) {
        func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = set("HOME").map { $0 + "/.config" }
        directory = (set("XDG_CONFIG_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home).map { $0 + "/vivavoce" }
        let named = configFile ?? set("VIVAVOCE_CONFIG")
        userFile = named ?? directory.map { $0 + "/vivavoce.yaml" }
        isUserFileNamed = named != nil
        self.profile = profile
        self.systemFile = systemFile
    }

    /// Where the files lie that are read, whether they exist or not; `~` is the home.
    package func files(environment: [String: String]) -> [String] {
        [userFile, systemFile].compactMap { $0 }.map { FileText.expand($0, environment: environment) }.map { path in
            path.hasPrefix("/") ? path : FileText.currentFolder + "/" + path
        }
    }
}
