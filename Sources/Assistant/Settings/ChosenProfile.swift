/// The profile that lies over the files' own values, and who chose it.
package struct ChosenProfile: Sendable, Equatable {
    package let name: String
    /// `--profile`, the variable, or file and line.
    package let source: String

    static let variable = "VIVAVOCE_PROFILE"

    /// Flag, then environment, then the first file that names one decide.
    ///
    /// - Parameter files: strongest first.
    /// - Returns: nil where nobody chose one.
    /// - Throws: `.configuration` for a profile that no file has, with the nearest that one has.
    init?(places: SettingsPlaces, environment: [String: String], files: [SettingsFile]) throws(AssistantError) {
        let variable = environment[Self.variable].flatMap { $0.isEmpty ? nil : $0 }
        if let name = places.profile {
            (self.name, source) = (name, "--profile")
        } else if let variable {
            (name, source) = (variable, Self.variable)
        } else if let file = files.first(where: { $0.profile != nil }), let chosen = file.profile {
            (name, source) = (chosen.text, "\(file.path):\(chosen.line): `profile`")
        } else {
            return nil
        }
        let names = Set(files.flatMap(\.profiles.keys)).sorted()
        guard !names.contains(name) else { return }
        let unknown = "\(source) is \(Redaction.quote(name)), and no settings file has that profile"
        guard
            let nearest = names.min(by: { SettingKey.slips(from: name, to: $0) < SettingKey.slips(from: name, to: $1) })
        else {
            throw AssistantError(.configuration, "\(unknown).", remedy: "Profiles stand in a section `profiles:`.")
        }
        throw AssistantError(.configuration, "\(unknown); did you mean `\(nearest)`?")
    }
}
