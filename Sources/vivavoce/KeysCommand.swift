import ArgumentParser
import Assistant
import CProcess
import Glibc

/// Stores and lists keys; shows none.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Store the key for the service, where only you can read it.",
        discussion: """
            A key is taken from the first of: --token-command, --key-file, VIVAVOCE_KEY, GEMINI_API_KEY, \
            GOOGLE_API_KEY, the stored key, the Secret Service. It is never printed.
            """,
        subcommands: [Set.self, List.self, Path.self, Remove.self, Mint.self], defaultSubcommand: List.self)

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Store a key, read from the terminal without showing it, or from stdin.")

        @OptionGroup var place: KeyPlace
        @Argument(help: .hidden) var misplaced: [String] = []

        func run() async throws {
            try await Failure.reporting { () throws(AssistantError) in
                guard misplaced.isEmpty else {
                    throw AssistantError(
                        .usage, "A key on the command line shows in the process list and in the shell's history.",
                        remedy: "Run `vivavoce keys set` and paste it, or pipe it in; and replace the one just shown.")
                }
                try CoreDumps.forbid()
                let service = try place.demanded()
                let file = try Keys.stored()
                let secret = try Secret(checking: try KeyPrompt.read(), from: "What was given")
                if let service { try service.write(secret) } else { try file.write(secret) }
                Failure.print("the key is stored in \(service == nil ? file.path : place.name)")
                if service != nil, let used = try Keys.sources().used, used.name != place.name {
                    Failure.print("it is not the one that is used: \(used.name) comes before it")
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List where a key may be, and which one is used.")

        func run() async throws {
            try await Failure.reporting { () throws(AssistantError) in
                var isFirst = true
                for place in try Keys.sources().places {
                    let mark = place.isSet && isFirst ? "  used" : ""
                    if place.isSet { isFirst = false }
                    print("\(place.isSet ? "set  " : "unset")  \(place.name)\(mark)")
                }
            }
        }
    }

    struct Path: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "path", abstract: "Print the path of the stored key's file.")

        func run() async throws {
            try await Failure.reporting { () throws(AssistantError) in print(try Keys.stored().path) }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "remove", abstract: "Remove the stored key.")

        @OptionGroup var place: KeyPlace

        func run() async throws {
            try await Failure.reporting { () throws(AssistantError) in
                let file = try Keys.stored()
                let service = try place.demanded()
                let wasThere = if let service { try service.remove() } else { try file.remove() }
                let name = service == nil ? file.path : place.name
                Failure.print(wasThere ? "the key in \(name) is gone" : "there was no stored key")
            }
        }
    }

    private static func sources() throws(AssistantError) -> CredentialSources {
        let environment = Environment.current
        let places = SettingsPlaces(environment: environment)
        let settings = try SettingLayers(environment: environment, places: places).settings()
        return CredentialSources(settings.service, environment: environment, places: places)
    }

    private static func stored() throws(AssistantError) -> KeyFile {
        let environment = Environment.current
        let places = SettingsPlaces(environment: environment)
        guard let stored = CredentialSources(Settings.Service(), environment: environment, places: places).stored else {
            throw AssistantError(
                .configuration, "There is no home to keep a key in: HOME and XDG_CONFIG_HOME are unset.")
        }
        return stored
    }
}

/// Where a key is stored.
struct KeyPlace: ParsableArguments {
    @Flag(help: "In the Secret Service of your desktop (its keyring), instead of a file; needs secret-tool.")
    var secretService = false

    /// As lists and messages have it.
    var name: String { SecretService.name }

    /// - Returns: nil for the file.
    func demanded() throws(AssistantError) -> SecretService? {
        secretService ? try SecretService(demandedIn: Environment.current) : nil
    }
}

/// Asks for a key.
enum KeyPrompt {
    /// Reads one line, unseen where somebody types it.
    ///
    /// - Throws: `.noInput` when nothing came.
    static func read() throws(AssistantError) -> String {
        let isTyped = isatty(STDIN_FILENO) == 1
        if isTyped {
            guard vv_terminal_enter(STDIN_FILENO, VV_TERMINAL_SECRET) == 0 else {
                throw AssistantError(.noInput, "Cannot read from the terminal without showing what is typed.")
            }
            Failure.show("Key (it does not show): ")
        }
        defer {
            if isTyped {
                vv_terminal_leave()
                Failure.show("\n")
            }
        }
        guard let line = readLine(), !line.isEmpty else {
            throw AssistantError(
                .noInput, "No key was given.", remedy: "Paste it, or pipe it in: `vivavoce keys set < FILE`.")
        }
        return line
    }
}
