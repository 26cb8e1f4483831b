import AudioDevices
import Events
import LiveSession

/// How a conversation ended.
package struct Outcome: Sendable, Equatable {
    package var exit: ExitCode
    /// For people: why.
    package var reason: String

    package init(exit: ExitCode, reason: String) {
        self.exit = exit
        self.reason = reason
    }

    init(_ ending: Ending) {
        let exit: ExitCode =
            switch ending.kind {
            case .asked: .success
            case .refused: .refused
            case .misconfigured: .configuration
            case .unavailable: .unavailable
            case .unrecoverable: .temporaryFailure
            }
        self.init(exit: exit, reason: ending.reason)
    }
}

extension ExitCode {
    /// - Parameter name: the device as it was asked for; a file that cannot be opened is not a missing service.
    init(of error: DeviceError, _ direction: Direction, _ name: String) {
        switch error.code {
        case .usage: self = .usage
        case .missingFile: self = .noInput
        case .badFormat: self = .badInput
        case .permission where name.hasPrefix("file:"): self = direction == .input ? .noInput : .ioError
        case .readerGone, .inputOutput:
            let device = try? DeviceSpec(parsing: name, for: direction == .input ? .input : .output)
            if case .alsa = device { self = .unavailable } else { self = .ioError }
        default: self = .unavailable
        }
    }
}
