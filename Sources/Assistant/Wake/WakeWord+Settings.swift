package import Events
package import Logging

extension Settings.Wake {
    /// The detector that is set: the user's command, else the built-in demonstration. It listens once it is run.
    ///
    /// - Parameters:
    ///   - environment: for the command.
    ///   - warn: as `CommandWakeWord` has it.
    package func detector(
        hearing ear: WakeEar, environment: [String: String], time: EngineTime, log: Logger,
        warn: @escaping @Sendable (Problem) -> Void
    ) -> any WakeWord {
        guard let command else { return SphinxWakeWord(phrase: phrase, threshold: threshold, ear: ear) }
        return CommandWakeWord(
            command: command, ear: ear, environment: environment, time: time, log: log, warn: warn)
    }
}
