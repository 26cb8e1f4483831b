import ArgumentParser
import Assistant

/// The command line: conversations with a live model, and what is around them.
///
/// Every command says its name, which every start of the program asks all of them for: a name that ArgumentParser finds
/// out from the type costs a search through everything that conforms to anything, a tenth of a millisecond each.
@main
struct Vivavoce: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vivavoce",
        abstract: "Hold a spoken conversation with a live model.",
        discussion: """
            Every setting is a flag, a variable and a key in a settings file, in that order of precedence; \
            `vivavoce config show` tells what holds and who said so.
            """,
        version: Version.current,
        subcommands: [
            Talk.self, DaemonCommand.self, Attach.self, Doctor.self, Status.self, Watch.self, Say.self, Interrupt.self,
            Mute.self,
            Unmute.self,
            Press.self, Release.self, Connect.self, Hangup.self, Mode.self, Reload.self, Devices.self, Models.self,
            EchoTest.self, Keys.self, Config.self, Transcripts.self,
        ])

    /// A key among our variables is in memory from the first instruction on, whatever the command makes of it.
    static func main() async {
        do throws(AssistantError) {
            if ChildEnvironment.holdsKey(Environment.current) { try CoreDumps.forbid() }
        } catch {
            exit(withError: error.reported())
        }
        await main(nil)
        Output.finish()
    }
}

enum Version {
    static let current = "vivavoce 0.1.0"
}
