package import Archive
import Events

extension AssistantError {
    /// What the record could not do, as a command ends with it.
    package init(_ error: ArchiveError) {
        let exit: ExitCode =
            switch error.code {
            case .missing: .noInput
            case .badInput: .badInput
            case .full, .permission, .busy, .corrupt, .newer, .inputOutput: .ioError
            }
        self.init(exit, TerminalText.sanitized(error.message), remedy: error.remedy)
    }
}
