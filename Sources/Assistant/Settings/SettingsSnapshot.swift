import AudioDevices

/// The settings as they were read at one time, with who set each.
package struct SettingsSnapshot: Sendable {
    package var settings: Settings
    /// What holds for each key that is set or has a default, by its path.
    let found: [String: SettingLayers.Found]
    /// What the files alone would have it.
    let inFiles: [String: SettingLayers.Found]

    /// - Parameter until: what `--until` said.
    /// - Throws: as `SettingLayers.settings` does.
    package init(_ layers: SettingLayers, until: String? = nil) throws(AssistantError) {
        settings = try layers.settings(until: until)
        var found: [String: SettingLayers.Found] = [:]
        var inFiles: [String: SettingLayers.Found] = [:]
        for key in SettingKey.all {
            let value = try layers.found(key)
            found[key.path] = value
            inFiles[key.path] = value?.source.isOfProcess == true ? try layers.foundInFiles(key) : value
        }
        self.found = found
        self.inFiles = inFiles
    }

    /// Whether a conversation that is under way could go over to these devices.
    ///
    /// - Throws: `.configuration` for a name of no kind, with where it was found.
    func checkDevices() throws(AssistantError) {
        try check(.input, for: .input)
        try check(.output, for: .output)
    }

    private func check(_ key: SettingKey, for direction: DeviceDirection) throws(AssistantError) {
        guard let found = found[key.path] else { return }
        let wrong: String
        var remedy: String?
        do throws(DeviceError) {
            guard try DeviceSpec(parsing: found.text, for: direction) == .list else { return }
            wrong = "asks for a list"
        } catch {
            wrong = error.message
            remedy = error.remedy
        }
        throw AssistantError(
            .configuration, "\(found.source): `\(key.path)` is \(Redaction.quote(found.text)): \(wrong)",
            remedy: remedy ?? "`vivavoce devices` lists what there is.")
    }
}
