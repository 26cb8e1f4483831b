package import Events
import Glibc
import LiveSession

/// Shows a conversation while it is held: who said what and when, how it stands, and what went wrong.
///
/// On a terminal, words appear while they are spoken and are rewritten in place until they are final; elsewhere only
/// final lines are printed, one each, or every event as JSON.
package actor Transcript {
    package struct Style: Sendable, Equatable {
        /// Every event as a JSON line instead of the spoken lines.
        package var isJSON: Bool
        /// No live rows, and no notices but errors.
        package var isQuiet: Bool

        package init(isJSON: Bool = false, isQuiet: Bool = false) {
            self.isJSON = isJSON
            self.isQuiet = isQuiet
        }
    }

    /// Events that may wait while the output stalls: hours of final lines, because partial ones go first.
    package static let capacity = 16_384

    /// A turn's words come before so many later turns have begun.
    private static let mostOpenTurns = 64

    /// What one speaker is saying in one turn.
    private struct Speech {
        var line: TranscriptLine
        var startedAt: Int64
    }

    private struct SpeechKey: Hashable {
        var turn: Int
        var speaker: Party
    }

    private let console: Console
    private let style: Style
    private let timeOfDay: @Sendable (Int64) -> String
    private var partials: [Speech] = []
    /// When turns began that have not been printed yet.
    private var starts: [SpeechKey: Int64] = [:]
    private var status = StatusLine()
    private var liveSince: Int64?
    private var draft: String?
    /// What the last error said; an end for that reason needs no second telling.
    private var lastError: String?

    /// - Parameter timeOfDay: milliseconds since 1970 as `HH:MM:SS`; local time unless a test says otherwise.
    package init(
        console: Console, style: Style, timeOfDay: @escaping @Sendable (Int64) -> String = Transcript.localTime
    ) {
        self.console = console
        self.style = style
        self.timeOfDay = timeOfDay
    }

    /// A subscription that fits: large, and partial lines go before final ones where the output stalls.
    package nonisolated func subscription(to bus: EventBus) -> EventSubscription {
        bus.subscribe(capacity: Self.capacity, overflow: .dropsPartialsFirst, includingLevels: console.hasScreen)
    }

    /// Shows events until there are no more, then what was begun and never became final; ends early when nobody reads
    /// any more (`Console.failure`).
    ///
    /// Waits for the output where that stalls; events wait in the subscription meanwhile.
    package func run(_ events: EventSubscription) async {
        for await event in events {
            show(event)
            await console.drain()
            if console.failure != nil { break }
        }
        for speech in partials where !style.isJSON { print(speech.line, at: speech.startedAt, mark: " …") }
        partials = []
        console.close()
        await console.drain()
    }

    /// Says that the microphone is off or on; the terminal's own key did it.
    package func showMuted(_ isMuted: Bool) {
        status.isMuted = isMuted
        refresh()
    }

    /// Shows whether the key to talk has begun a turn.
    package func showTalking(_ isTalking: Bool) {
        status.isTalking = isTalking
        refresh()
    }

    /// Shows the message being typed; nil when none is.
    package func showDraft(_ text: String?) {
        draft = text
        refresh()
    }

    /// Brings the clock up to date. - Parameter now: milliseconds since 1970.
    package func tick(now: Int64) {
        elapse(to: now)
        refresh()
    }

    private func elapse(to now: Int64) {
        if let liveSince { status.elapsed = .milliseconds(now - liveSince) }
    }

    // MARK: Events

    private func show(_ event: Event) {
        if style.isJSON { console.print(event.json) }
        noteStatus(event)
        switch event.body {
        case .turnStarted(let turn, let speaker):
            starts = starts.filter { turn - $0.key.turn < Self.mostOpenTurns }  // some turns never get any words
            starts[SpeechKey(turn: turn, speaker: speaker)] = event.at
        case .transcriptPartial(let line):
            partials.removeAll { $0.line.turn == line.turn && $0.line.speaker == line.speaker }
            partials.append(Speech(line: line, startedAt: startOf(line) ?? event.at))
        case .transcriptFinal(let line):
            let begun = partials.first { $0.line.turn == line.turn && $0.line.speaker == line.speaker }
            partials.removeAll { $0.line.turn == line.turn && $0.line.speaker == line.speaker }
            if !style.isJSON { print(line, at: startOf(line) ?? begun?.startedAt ?? event.at) }
            starts[SpeechKey(turn: line.turn, speaker: line.speaker)] = nil
        default:
            if !style.isJSON, let text = TranscriptWords.content(event.body) {
                console.print("\(timeOfDay(event.at))  \(TerminalText.sanitized(text))")
            }
            tell(event)
        }
        refresh()
    }

    private func startOf(_ line: TranscriptLine) -> Int64? {
        starts[SpeechKey(turn: line.turn, speaker: line.speaker)]
    }

    private func print(_ line: TranscriptLine, at time: Int64, mark: String = "") {
        guard !line.text.allSatisfy(\.isWhitespace) else { return }
        console.print("\(timeOfDay(time))  \(TranscriptWords.line(line))\(mark)")
    }

    private func tell(_ event: Event) {
        if case .error(let problem) = event.body { lastError = problem.message }
        if case .sessionEnded(let reason, _, _) = event.body, reason == lastError { return }
        guard let (weight, text) = TranscriptWords.notice(event.body) else { return }
        let least: TranscriptWords.Weight = style.isQuiet ? .error : console.hasScreen ? .notice : .state
        guard weight >= least else { return }
        let lines = text.split(separator: "\n").map { TerminalText.sanitized(String($0)) }
        console.notice(
            "vivavoce: " + lines.joined(separator: "\n"), TranscriptWords.priority(of: event.body, weight),
            fields: TranscriptWords.fields(of: event))
    }

    private func noteStatus(_ event: Event) {
        switch event.body {
        case .sessionConnecting:
            status.state = liveSince == nil ? .connecting : .reconnecting
            if liveSince == nil { status.elapsed = nil }
        case .sessionLive(let model, _):
            status.state = .live
            status.model = model
            liveSince = liveSince ?? event.at
        case .sessionRotating: status.state = .reconnecting
        case .sessionResumed: status.state = .live
        case .sessionEnded:
            status.state = .ended
            elapse(to: event.at)
            liveSince = nil
        case .turnsMode(let mode, _): status.mode = TurnMode(rawValue: mode) ?? status.mode
        case .wakeHeard: status.isAsleep = false
        case .wakeAsleep: status.isAsleep = true
        case .audioMuted(let isMuted): status.isMuted = isMuted
        case .audioLevel(let input, let output):
            status.inputLevel = input
            status.outputLevel = output
        default: break
        }
        elapse(to: event.at)
    }

    /// Draws the live rows: what is being said, the status line and the message being typed.
    private func refresh() {
        guard console.hasScreen, !style.isQuiet else { return }
        var lines =
            style.isJSON
            ? []
            : partials.map {
                TerminalScreen.Line("\(timeOfDay($0.startedAt))  \(TranscriptWords.line($0.line))", style: .dim)
            }
        lines.append(TerminalScreen.Line(status.text, style: .dim, isClipped: true))
        if let draft { lines.append(TerminalScreen.Line("message: " + TerminalText.sanitized(draft))) }
        console.show(TerminalScreen.Frame(lines: lines, showsCursor: draft != nil))
    }

    /// Local time of day, `HH:MM:SS`.
    package static func localTime(_ milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1000)
        var local = tm()
        localtime_r(&seconds, &local)
        func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(local.tm_hour)):\(two(local.tm_min)):\(two(local.tm_sec))"
    }
}
