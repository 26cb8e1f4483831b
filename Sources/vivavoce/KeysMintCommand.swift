import ArgumentParser
import Assistant

extension Keys {
    /// Makes a token of the key, for a program that is not to have the key.
    struct Mint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "mint", abstract: "Make a short-lived token of the key, and print it.",
            discussion: """
                Whoever has the token can talk to the service in your name for so long, and no more: give it to \
                another machine by --key-file or --token-command there. With one use, the session has to begin within \
                a minute.
                """)

        @Option(help: ArgumentHelp("Sessions that may begin with it; 0: any number.", valueName: "N"))
        var uses = 1

        @Option(help: ArgumentHelp("How long it holds, up to 1199.", valueName: "N"))
        var minutes = 30

        @OptionGroup var settings: SettingFlags

        func validate() throws {
            guard (0...1_000_000).contains(uses) else { throw ValidationError("--uses is 0 or more.") }
            // The service takes less than 20 hours (gemini-live §1.2).
            guard (1...1_199).contains(minutes) else { throw ValidationError("--minutes is from 1 to 1199.") }
        }

        func run() async throws {
            try await Failure.reporting { () async throws(AssistantError) in
                let layers = try settings.layers()
                let set = try layers.settings()
                let sources = CredentialSources(set.service, environment: Environment.current, places: layers.places)
                let mint = try TokenMint(set, credential: try sources.credential())
                let token = try await mint.token(TokenMint.Terms(uses: uses, minutes: minutes), now: Environment.now)
                Output.line(token.exposed)
            }
        }
    }
}
