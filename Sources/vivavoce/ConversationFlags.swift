import ArgumentParser
import Assistant

/// What holds a conversation, with a terminal or without.
struct ConversationFlags: ParsableArguments {
    @Flag(help: "Talk to the local stand-in service; no key is needed.")
    var rehearse = false

    @Option(
        help: ArgumentHelp(
            "When to end: \(Until.accepted) (default: eof with a file, a pipe or stdin as input, else forever).",
            valueName: "WHEN"))
    var until: String?

    @Flag(help: "Print every event as a JSON line instead of the spoken lines.")
    var json = false

    @Flag(help: "Print the spoken lines and errors only.")
    var quiet = false

    @OptionGroup var control: ControlFlags
    @OptionGroup var settings: SettingFlags
}
