import ArgumentParser
import Foundation
import Rehearsal

extension RehearsalError {
    /// Prints the error and gives what ends the program with the exit code for its kind (sysexits).
    func exit() -> ExitCode {
        FileHandle.standardError.write(Data("vivavoce-rehearsal: \(description)\n".utf8))
        return switch code {
        case .badScenario: ExitCode(78)
        case .file: ExitCode(66)
        case .listen, .speech: ExitCode(69)
        }
    }
}
