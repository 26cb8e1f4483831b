import Events
package import Logging

/// Log lines that go through the console, so that they never tear the live rows of a terminal.
package struct ConsoleLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let console: Console
    private let now: @Sendable () -> Int64

    /// - Parameter now: milliseconds since 1970.
    package init(label: String, level: Logger.Level, console: Console, now: @escaping @Sendable () -> Int64) {
        self.label = label
        logLevel = level
        self.console = console
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// One line: UTC time, level, label, message, then metadata by name. Safe to print whatever it carries.
    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let explicit = event.metadata { all.merge(explicit) { $1 } }
        let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let line = "\(Timestamp.iso8601(now())) \(event.level) \(label): \(event.message)\(pairs)"
        console.notice(TerminalText.sanitized(line))
    }
}
