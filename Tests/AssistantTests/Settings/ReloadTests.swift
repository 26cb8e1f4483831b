import Assistant
import Events
import FoundationEssentials
import Testing

/// Where a value can stand, strongest first; a default stands nowhere.
enum SettingPlace: Int, CaseIterable, Comparable, Sendable {
    case flag, environment, userProfile, userFile, systemProfile, systemFile

    static func < (left: SettingPlace, right: SettingPlace) -> Bool { left.rawValue < right.rawValue }
}

/// One key's values by where they stand.
struct PlacedValues {
    let key: SettingKey
    var values: [SettingPlace: String] = [:]

    /// The settings as read with these values, and no others.
    func layers(in home: SettingsFolder) throws -> SettingLayers {
        home.environment[key.environmentName] = values[.environment]
        home.environment["VIVAVOCE_PROFILE"] = "kitchen"
        try home.write(file(own: values[.userFile], profile: values[.userProfile]), to: home.userFile)
        try home.write(file(own: values[.systemFile], profile: values[.systemProfile]), to: home.systemFile)
        return try home.layers(flags: values[.flag].map { [key.path: $0] } ?? [:])
    }

    /// The own value stands on line 1, that of the profile on line 3.
    private func file(own: String?, profile: String?) -> String {
        func section(_ value: String?) -> String { value.map { "{\(key.name): \"\($0)\"}" } ?? "{}" }
        return "\(key.section): \(section(own))\nprofiles:\n  kitchen: {\(key.section): \(section(profile))}\n"
    }

    func source(at place: SettingPlace, in home: SettingsFolder) -> SettingLayers.Source {
        switch place {
        case .flag: .flag(key.flag)
        case .environment: .environment(key.environmentName)
        case .userProfile: .profile("kitchen", file: home.userFile, line: 3)
        case .userFile: .file(home.userFile, line: 1)
        case .systemProfile: .profile("kitchen", file: home.systemFile, line: 3)
        case .systemFile: .file(home.systemFile, line: 1)
        }
    }
}

/// Two values that the key accepts, neither of which is the other or the default, where there are so many.
func twoValues(_ key: SettingKey) -> (String, String) {
    guard case .oneOf(let words) = key.accepts else {
        return (SettingLayersTests.other(key, 0), SettingLayersTests.other(key, 1))
    }
    let others = words.filter { $0 != key.preset }
    return (others[0], others.count > 1 ? others[1] : key.preset ?? "")
}

@Suite("Every setting, from every source, read again", .timeLimit(.minutes(5)))
struct ReloadTests {
    @Test("the strongest source that has a value wins, and is named", arguments: SettingKey.all, SettingPlace.allCases)
    func precedence(key: SettingKey, place: SettingPlace) throws {
        let home = try SettingsFolder()
        let (strong, weak) = twoValues(key)
        var placed = PlacedValues(key: key)
        for other in SettingPlace.allCases where other > place { placed.values[other] = weak }
        placed.values[place] = strong
        let found = try placed.layers(in: home).found(key)
        #expect(found?.text == strong)
        #expect(found?.source == placed.source(at: place, in: home))
    }

    @Test(
        "a value that appears, changes or goes lands in its class, and nothing else does", arguments: SettingKey.all,
        SettingPlace.allCases)
    func change(key: SettingKey, place: SettingPlace) throws {
        let home = try SettingsFolder()
        let (first, second) = twoValues(key)
        var placed = PlacedValues(key: key)
        let absent = try SettingsSnapshot(placed.layers(in: home))
        placed.values[place] = first
        let before = try SettingsSnapshot(placed.layers(in: home))
        placed.values[place] = second
        let after = try SettingsSnapshot(placed.layers(in: home))
        for (old, new) in [(absent, before), (before, after), (before, absent)] {
            let change = SettingsChange(from: old, to: new)
            #expect(change.changed.map(\.path) == [key.path])
            for reload in ReloadClass.allCases {
                #expect(change.keys(reload).map(\.path) == (reload == key.reload ? [key.path] : []))
            }
            #expect(change.kept.isEmpty)
        }
        #expect(SettingsChange(from: after, to: after).report.isEmpty)
    }

    @Test(
        "what a flag or a variable holds, no file changes, and that is said", arguments: SettingKey.all,
        [SettingPlace.flag, .environment])
    func kept(key: SettingKey, holder: SettingPlace) throws {
        let home = try SettingsFolder()
        let (first, second) = twoValues(key)
        for place in [SettingPlace.userProfile, .systemFile] {
            var placed = PlacedValues(key: key, values: [holder: first, place: first])
            let before = try SettingsSnapshot(placed.layers(in: home))
            placed.values[place] = second
            let change = SettingsChange(from: before, to: try SettingsSnapshot(placed.layers(in: home)))
            #expect(change.changed.isEmpty)
            #expect(change.report.kept == ["\(key.path) (\(placed.source(at: holder, in: home)))"])
            #expect(change.commands.isEmpty)
        }
    }

    @Test("another text in the file of persona.system is a change")
    func instructionFile() throws {
        let home = try SettingsFolder()
        try home.write("persona: {system: \"@~/butler.txt\"}", to: home.userFile)
        try home.write("Be kind.", to: home.path + "/butler.txt")
        let before = try SettingsSnapshot(home.layers())
        try home.write("Be brief.", to: home.path + "/butler.txt")
        let change = SettingsChange(from: before, to: try SettingsSnapshot(home.layers()))
        #expect(change.report.nextSession == ["persona.system"])
    }

    @Test("docs/settings.md says of every key from when on a change of it holds")
    func documented() throws {
        let path = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined() + "/docs/settings.md"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.contains("| `--") }.map(String.init)
        #expect(
            rows
                == SettingKey.all.map {
                    "| `\($0.path)` | `--\($0.flag)` | `\($0.environmentName)` | \($0.reload.rawValue) |"
                })
    }
}
