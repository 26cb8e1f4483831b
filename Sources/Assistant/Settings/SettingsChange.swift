package import Events

/// What is different between two readings of the settings. Pure.
package struct SettingsChange: Sendable {
    /// The keys whose value changed, in the order of the table.
    package let changed: [SettingKey]
    /// The keys that a file wanted changed and that a flag or a variable holds, with its name.
    package let kept: [(key: SettingKey, by: String)]
    private let settings: Settings

    package init(from old: SettingsSnapshot, to new: SettingsSnapshot) {
        settings = new.settings
        changed = SettingKey.all.filter { key in
            old.found[key.path]?.text != new.found[key.path]?.text
                // The same file, with another text in it.
                || key.path == SettingKey.system.path && old.settings.persona.system != new.settings.persona.system
        }
        kept = SettingKey.all.compactMap { key in
            guard let found = new.found[key.path], found.source.isOfProcess,
                old.inFiles[key.path]?.text != new.inFiles[key.path]?.text
            else { return nil }
            return (key, found.source.description)
        }
    }

    package func keys(_ reload: ReloadClass) -> [SettingKey] { changed.filter { $0.reload == reload } }

    /// What the conversation under way is to be told.
    package var commands: [ConversationCommand] { changed.compactMap { $0.command(by: settings) } }

    /// As programs are told of it.
    package var report: ReloadReport {
        var report = ReloadReport()
        report.applied = keys(.now).map(\.path)
        report.nextTurn = keys(.nextTurn).map(\.path)
        report.nextSession = keys(.nextSession).map(\.path)
        report.restart = keys(.restart).map(\.path)
        report.kept = kept.map { "\($0.key.path) (\($0.by))" }
        return report
    }
}

extension SettingLayers.Source {
    /// It was set for this process, whose flags and variables stay what they were.
    var isOfProcess: Bool {
        switch self {
        case .flag, .environment: true
        case .file, .profile, .preset: false
        }
    }
}

extension SettingKey {
    /// How a conversation under way is brought to the new value; nil where that is not its affair.
    package func command(by settings: Settings) -> ConversationCommand? { Self.commands[path]?(settings) }

    /// Every setting that a conversation takes before it is over.
    private static let commands: [String: @Sendable (Settings) -> ConversationCommand?] = [
        mode.path: { .mode($0.turns.mode) },
        input.path: { .device(.input, name: $0.audio.input) },
        output.path: { .device(.output, name: $0.audio.output) },
        // Without one, all of ours; a mixer stays as it is.
        volume.path: { settings in
            (settings.audio.volume ?? (settings.audio.mixer == nil ? 1 : nil)).map { .volume($0) }
        },
        cues.path: { .cues($0.audio.cues) },
        followUp.path: { .wakeTimes(followUp: $0.wake.followUp, idle: $0.wake.idle) },
        wakeIdle.path: { .wakeTimes(followUp: $0.wake.followUp, idle: $0.wake.idle) },
    ]
}
