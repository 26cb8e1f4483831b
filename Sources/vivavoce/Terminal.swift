import Assistant
import CProcess
import Glibc

/// What this process is attached to.
enum Terminal {
    /// How output is laid out: live rows where a person watches, plain lines elsewhere.
    ///
    /// - Parameter transcriptIsAudio: stdout carries sound, so the transcript goes to stderr.
    static func layout(transcriptIsAudio: Bool, isQuiet: Bool) -> Console.Layout {
        let transcript = transcriptIsAudio ? STDERR_FILENO : STDOUT_FILENO
        let environment = Environment.current
        var layout = Console.Layout(
            transcript: transcript, notices: STDERR_FILENO,
            journal: JournalStream.isBehind(STDERR_FILENO, environment: environment)
                ? Journal(identifier: environment["SYSLOG_IDENTIFIER"] ?? "vivavoce") : nil)
        let canMoveCursor = environment["TERM"].map { !$0.isEmpty && $0 != "dumb" } ?? false
        guard !isQuiet, canMoveCursor, isatty(transcript) == 1, vv_terminal_is_ours(transcript) == 1 else {
            return layout
        }
        let size = size(of: transcript) ?? (columns: 80, rows: 24)
        layout.screen = TerminalScreen(
            columns: size.columns, rows: size.rows, usesStyles: environment["NO_COLOR"]?.isEmpty ?? true)
        layout.noticesShareScreen = isatty(STDERR_FILENO) == 1
        return layout
    }

    /// Characters in a row, and rows; nil without a terminal, or where it does not know.
    static func size(of descriptor: CInt) -> (columns: Int, rows: Int)? {
        var columns: CInt = 0
        var rows: CInt = 0
        guard vv_terminal_size(descriptor, &columns, &rows) == 0 else { return nil }
        return (Int(columns), Int(rows))
    }
}
