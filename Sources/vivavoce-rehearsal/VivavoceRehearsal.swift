import ArgumentParser
import Foundation
import Rehearsal

/// The local stand-in for the Live API, as a process.
@main
struct VivavoceRehearsal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vivavoce-rehearsal",
        abstract: "A local stand-in for the Live API: it hears and speaks, and follows scenarios for tests.",
        subcommands: [Serve.self, Hear.self],
        defaultSubcommand: Serve.self)
}
