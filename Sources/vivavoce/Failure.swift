import ArgumentParser
import Assistant
import Glibc

extension AssistantError {
    /// Prints the failure as people are told about it and becomes the error that ends the process with its exit code.
    func reported() -> ArgumentParser.ExitCode {
        Failure.print(description)
        return ArgumentParser.ExitCode(exit.rawValue)
    }
}

enum Failure {
    /// To stderr, as `vivavoce: …`; to the journal as an error.
    static func print(_ text: String) {
        let line = "vivavoce: \(text)"
        let isJournal = JournalStream.isBehind(STDERR_FILENO, environment: Environment.current)
        show((isJournal ? LogPriority.error.marking(line) : line) + "\n")
    }

    /// To stderr as it is.
    static func show(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Runs a command's body; what it throws is printed and ends the process with the exit code that it carries.
    static func reporting(_ body: () async throws(AssistantError) -> Void) async throws(ArgumentParser.ExitCode) {
        do {
            try await body()
        } catch {
            throw error.reported()
        }
    }
}
