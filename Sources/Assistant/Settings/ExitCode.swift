/// How a command ends, in the numbers of `sysexits.h`; scripts and service files switch on them.
package enum ExitCode: Int32, Sendable, Hashable {
    /// Ended as asked.
    case success = 0
    /// The command line is wrong.
    case usage = 64
    /// Input that was found is not what it must be, such as a file that is no WAV.
    case badInput = 65
    /// An input file is missing or cannot be read.
    case noInput = 66
    /// A service, a device or a program that is needed is not there.
    case unavailable = 69
    case ioError = 74
    /// A session that was live could not be recovered; trying again may help.
    case temporaryFailure = 75
    /// Refused: key, permission or quota.
    case refused = 77
    /// A settings file or an environment variable is wrong.
    case configuration = 78
    /// Ctrl-C while the session was still being set up.
    case interrupted = 130
}
