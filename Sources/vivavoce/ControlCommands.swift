import ArgumentParser
import ControlProtocol
import LiveProtocol
import LiveSession
import Observation

/// A command to a running daemon that has nothing to add to its name.
protocol ControlVerb: AsyncParsableCommand {
    static var method: String { get }
    var daemon: ReplyFlags { get }
}

extension ControlVerb {
    func run() async throws { try await daemon.show(Self.method) }
}

struct Interrupt: ControlVerb {
    static let configuration = CommandConfiguration(commandName: "interrupt", abstract: "Stop the daemon's answer.")
    static let method = "interrupt"
    @OptionGroup var daemon: ReplyFlags
}

struct Mute: ControlVerb {
    static let configuration = CommandConfiguration(
        commandName: "mute", abstract: "Stop reading the daemon's microphone.")
    static let method = "mute"
    @OptionGroup var daemon: ReplyFlags
}

struct Unmute: ControlVerb {
    static let configuration = CommandConfiguration(
        commandName: "unmute", abstract: "Read the daemon's microphone again.")
    static let method = "unmute"
    @OptionGroup var daemon: ReplyFlags
}

struct Press: ControlVerb {
    static let configuration = CommandConfiguration(commandName: "press", abstract: "Press the daemon's key to talk.")
    static let method = "press"
    @OptionGroup var daemon: ReplyFlags
}

struct Release: ControlVerb {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Let the daemon's key to talk go.")
    static let method = "release"
    @OptionGroup var daemon: ReplyFlags
}

struct Connect: ControlVerb {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "Have the daemon begin a conversation.")
    static let method = "connect"
    @OptionGroup var daemon: ReplyFlags
}

struct Hangup: ControlVerb {
    static let configuration = CommandConfiguration(
        commandName: "hangup",
        abstract: "End the daemon's conversation; `connect` begins the next.")
    static let method = "hangup"
    @OptionGroup var daemon: ReplyFlags
}

struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the daemon read its settings again, and say what changed and from when on.")
    @OptionGroup var daemon: ReplyFlags

    /// A key may come from a keyring, which may ask its owner.
    private static let patience = Duration.seconds(30)

    func run() async throws {
        let result = try await daemon.daemon.call("reload", within: Self.patience)
        print(daemon.json ? String(decoding: result.line, as: UTF8.self) : Self.text(result), terminator: "")
    }

    /// A line for each group that is not empty.
    private static func text(_ result: JSONValue) -> String {
        let groups = [
            ("applied", "now"), ("nextTurn", "from the next turn on"), ("nextSession", "for the next conversation"),
            ("restart", "when started again"), ("kept", "not changed"),
        ]
        let lines = groups.compactMap { name, words -> String? in
            guard case .array(let keys)? = result[name], !keys.isEmpty else { return nil }
            return "\(words): \(TerminalSafe.text(keys.compactMap(\.asString).joined(separator: ", ")))\n"
        }
        return lines.isEmpty ? "nothing changed\n" : lines.joined()
    }
}

struct Say: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "say", abstract: "Send the daemon a written message.")

    @Argument(help: "The message; - reads it from stdin.") var text: [String]
    @OptionGroup var daemon: ReplyFlags

    func run() async throws {
        let said = text == ["-"] ? Self.standardInput() : text.joined(separator: " ")
        try await daemon.show("say", ["text": .string(said)])
    }

    private static func standardInput() -> String {
        var lines: [String] = []
        while let line = readLine() { lines.append(line) }
        return lines.joined(separator: "\n")
    }
}

struct Mode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mode",
        abstract: "Change when the daemon hears you: \(TurnMode.allCases.map(\.rawValue).joined(separator: ", ")).")

    @Argument(help: "The mode's name.") var name: String
    @OptionGroup var daemon: ReplyFlags

    func run() async throws {
        try await daemon.show("mode", ["name": .string(name)])
    }
}

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Show how the running daemon is.")

    @Flag(help: "Print it as JSON.") var json = false
    @OptionGroup var daemon: ControlFlags

    func run() async throws {
        let status = try await daemon.call("status")
        print(json ? String(decoding: status.line, as: UTF8.self) : Self.text(status), terminator: "")
    }

    /// A line for each thing that is known, in the order in which people ask.
    static func text(_ status: JSONValue) -> String {
        let members = status.members ?? [:]
        let names = [
            "state", "reconnecting", "session", "model", "liveSince", "mode", "muted", "speaker", "input", "output",
            "recording", "turns", "tokens", "cost", "reconnections", "upSeconds", "pid", "version", "lastProblem",
        ]
        let width = names.map(\.count).max() ?? 0
        return names.compactMap { name in
            members[name].map { value in
                let words = name == "cost" ? costWords(value) : words(value)
                return "\(name)\(String(repeating: " ", count: width - name.count))  \(words)\n"
            }
        }.joined()
    }

    /// Such as `session 0.0123, day 0.48 of 2.00, month 7.10 USD`.
    private static func costWords(_ cost: JSONValue) -> String {
        func amount(_ value: JSONValue) -> String {
            switch value {
            case .number(let amount): Money.text(amount)
            case .integer(let amount): Money.text(Double(amount))
            default: words(value)
            }
        }
        let periods = Budget.Period.allCases.map(\.rawValue).compactMap { period in
            cost[period].map { spent in
                "\(period) \(amount(spent))" + (cost["budget"]?[period].map { " of \(amount($0))" } ?? "")
            }
        }
        return periods.joined(separator: ", ") + " " + (cost["currency"].map(words) ?? "")
    }

    private static func words(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): TerminalSafe.text(text)
        case .bool(let isSo): isSo ? "yes" : "no"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .null: "-"
        case .array(let values): values.map(words).joined(separator: ", ")
        case .object(let members): members.map { words($0.value) }.joined(separator: "  ")
        }
    }
}

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Print what happens in the daemon, a line per event, until it ends.",
        discussion: "Give names such as turn.completed or turn.* to see no others.")

    @Argument(help: "Events to watch (default: all but levels).") var events: [String] = []
    @Flag(help: "Print every event as its JSON line.") var json = false
    @OptionGroup var daemon: ControlFlags

    func run() async throws {
        do throws(ControlError) {
            let client = try await ControlClient.connect(to: daemon.path)
            _ = try await client.call(
                "subscribe", events.isEmpty ? [:] : ["events": .array(events.map(JSONValue.string))])
            for await notification in client.notifications { Self.show(notification, json) }
        } catch {
            throw error.reported()
        }
    }

    private static func show(_ notification: ControlClient.Notification, _ json: Bool) {
        let event = String(decoding: notification.event, as: UTF8.self)
        Output.line(json ? event : EventLine.text(notification.name, event))
    }
}
