import Events
package import Logging
import Synchronization

/// The level from which on lines are logged, for all loggers of the process; it may be changed at any time. Any thread.
package final class LogThreshold: Sendable {
    private let current: Mutex<Logger.Level>

    package init(_ level: Logger.Level) { current = Mutex(level) }

    package var level: Logger.Level {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}

/// Log lines that go through the console, so that they never tear the live rows of a terminal.
package struct ConsoleLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let threshold: LogThreshold
    /// What this logger alone was set to.
    private var ownLevel: Logger.Level?
    private let label: String
    private let console: Console
    private let now: @Sendable () -> Int64

    /// - Parameter now: milliseconds since 1970.
    package init(label: String, threshold: LogThreshold, console: Console, now: @escaping @Sendable () -> Int64) {
        self.label = label
        self.threshold = threshold
        self.console = console
        self.now = now
    }

    package var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// One line: UTC time, level, label, message, then metadata by name. Safe to print whatever it carries. In the journal,
    /// which has the time, label and metadata are fields as well.
    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let explicit = event.metadata { all.merge(explicit) { $1 } }
        let pairs = all.sorted { $0.key < $1.key }
        let line = "\(event.level) \(label): \(event.message)" + pairs.map { " \($0.key)=\($0.value)" }.joined()
        console.notice(
            TerminalText.sanitized(line), LogPriority(event.level), stamp: Timestamp.iso8601(now()),
            fields: [JournalField("logger", label)] + pairs.map { JournalField($0.key, "\($0.value)") })
    }
}
