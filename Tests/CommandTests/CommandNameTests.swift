import ArgumentParser
import Testing

@testable import vivavoce

@Suite("Commands", .timeLimit(.minutes(5)))
struct CommandNameTests {
    @Test("every command says its name: to find it out from a type costs each start of the program a search")
    func names() {
        var names: [String] = []
        func collect(_ command: any ParsableCommand.Type) {
            names.append(command.configuration.commandName ?? "none for \(command)")
            command.configuration.subcommands.forEach(collect)
        }
        collect(Vivavoce.self)
        #expect(names.filter { $0.hasPrefix("none for") }.isEmpty)
        #expect(names.count > 30 && names.contains("transcripts") && names.contains("echo-test"))
    }
}
