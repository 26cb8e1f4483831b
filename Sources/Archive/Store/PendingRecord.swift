import Events

/// What of a conversation's events belongs in its record and is not on disk yet. Knows no clock and no file.
///
/// A conversation is kept from when it is live, or something was said: one that never came about leaves nothing.
struct PendingRecord: Sendable {
    /// What could not be kept because more waited than may.
    struct Loss: Equatable, Sendable {
        /// Lines that were final.
        var lines = 0
        var others = 0

        var isNothing: Bool { self == Loss() }
    }

    /// One speaker's line in one turn.
    private struct Key: Hashable {
        var session: String
        var turn: Int
        var speaker: Party
    }

    /// Turns whose begin is remembered: a line is never so late.
    private static let rememberedTurns = 64

    private let mostEntries: Int
    private let mostBytes: Int
    private var entries: [RecordEntry] = []
    private var bytes = 0
    /// The newest text of lines that go on; a newer one takes its place.
    private var partials: [Key: RecordEntry] = [:]
    private var turnBegins: [Key: Int64] = [:]
    private var sessionStarts: [String: Int64] = [:]
    private var kept: Set<String> = []
    /// What was lost since it was last told.
    private(set) var loss = Loss()

    /// - Parameters:
    ///   - mostEntries: that wait before the oldest goes.
    ///   - mostBytes: roughly, of all that wait.
    init(mostEntries: Int = 10_000, mostBytes: Int = 16 << 20) {
        self.mostEntries = mostEntries
        self.mostBytes = mostBytes
    }

    /// Takes what of an event belongs in the record.
    ///
    /// - Returns: whether it must be on disk before anybody hears of it.
    mutating func take(_ event: Event) -> Bool {
        guard let session = event.session else { return false }
        if sessionStarts[session] == nil { sessionStarts[session] = event.at }
        func entry(_ change: RecordEntry.Change) -> RecordEntry {
            RecordEntry(session: session, at: event.at, startedAt: sessionStarts[session]!, change: change)
        }
        switch event.body {
        case .transcriptPartial(let line):
            guard !line.text.isEmpty else { return false }
            kept.insert(session)
            partials[Key(session: session, turn: line.turn, speaker: line.speaker)] = entry(
                change(for: line, of: event, isFinal: false))
            return false
        case .transcriptFinal(let line):
            partials[Key(session: session, turn: line.turn, speaker: line.speaker)] = nil
            guard !line.text.isEmpty else { return false }
            kept.insert(session)
            append(entry(change(for: line, of: event, isFinal: true)))
            return true
        case .turnStarted(let turn, let speaker):
            turnBegins[Key(session: session, turn: turn, speaker: speaker)] = event.at
            turnBegins = turnBegins.filter { $0.key.session == session && $0.key.turn > turn - Self.rememberedTurns }
        case .sessionLive: kept.insert(session)
        default: break
        }
        for change in event.changes { append(entry(change)) }
        if case .sessionEnded = event.body { return true }
        return false
    }

    /// Adds what no event tells.
    mutating func add(_ change: RecordEntry.Change, of session: String, at: Int64) {
        if sessionStarts[session] == nil { sessionStarts[session] = at }
        append(RecordEntry(session: session, at: at, startedAt: sessionStarts[session]!, change: change))
    }

    /// All that waits and is to be kept, for one transaction. It is out of here until `putBack`.
    mutating func takeBatch() -> [RecordEntry] {
        let batch = entries.filter { kept.contains($0.session) } + partials.values.sorted { $0.at < $1.at }
        entries.removeAll { kept.contains($0.session) }
        bytes = entries.reduce(0) { $0 + $1.cost }
        partials = [:]
        return batch
    }

    /// A batch was not written: it waits again, before what has come since.
    mutating func putBack(_ batch: [RecordEntry]) {
        let later = entries
        (entries, bytes) = ([], 0)
        for entry in batch {
            guard case .line(let line, _, _, isFinal: false) = entry.change else {
                append(entry)
                continue
            }
            let key = Key(session: entry.session, turn: line.turn, speaker: line.speaker)
            if partials[key] == nil { partials[key] = entry }
        }
        for entry in later { append(entry) }
    }

    /// - Returns: what was lost since the last call.
    mutating func takeLoss() -> Loss {
        defer { loss = Loss() }
        return loss
    }

    /// Gives up what waits.
    mutating func abandon() {
        for entry in takeBatch() { count(asLost: entry) }
    }

    private mutating func append(_ entry: RecordEntry) {
        entries.append(entry)
        bytes += entry.cost
        while entries.count > 1, entries.count > mostEntries || bytes > mostBytes {
            let oldest = entries.removeFirst()
            bytes -= oldest.cost
            count(asLost: oldest)
        }
    }

    private mutating func count(asLost entry: RecordEntry) {
        if case .line = entry.change { loss.lines += 1 } else { loss.others += 1 }
    }

    /// Where nobody knows when it was said: from its turn's begin until now.
    private func change(for line: TranscriptLine, of event: Event, isFinal: Bool) -> RecordEntry.Change {
        let key = Key(session: event.session ?? "", turn: line.turn, speaker: line.speaker)
        let begin = line.begin ?? turnBegins[key] ?? event.at
        return .line(line, begin: begin, end: max(begin, line.end ?? event.at), isFinal: isFinal)
    }
}

extension Event {
    /// What is kept of it beside lines.
    fileprivate var changes: [RecordEntry.Change] {
        let happened = RecordEntry.Change.happened(name: body.name, json: json)
        switch body {
        case .sessionLive(let model, let isResumed): return [.connected(model: model, isResumed: isResumed), happened]
        case .sessionEnded(let reason, _, _): return [happened, .ended(reason: reason)]
        case .turnStarted(let turn, let speaker): return [.turnStarted(turn: turn, speaker: speaker)]
        case .turnInterrupted(let turn, let heard):
            return [.turnEnded(turn: turn, speaker: .model, reason: "interrupted", heardMilliseconds: heard)]
        case .turnCompleted(let turn, let speaker, let reason, let heard):
            return [.turnEnded(turn: turn, speaker: speaker, reason: reason, heardMilliseconds: heard)]
        case .usage(let report): return [.used(report.turn)]
        case .recordingStarted(let path): return [.recorded(directory: path), happened]
        case .image(let path, let mimeType), .file(let path, let mimeType):
            return [.artifact(path: path, mimeType: mimeType)]
        case .sessionConnecting, .transcriptPartial, .transcriptFinal, .audioLevel, .audioXrun, .audioUnderrun:
            return []
        case .sessionRotating, .sessionResumed, .sessionStalled, .turnsMode, .wakeHeard, .wakeAsleep, .audioMuted,
            .audioDevice, .audioDropped, .code, .codeResult, .toolCall, .toolResult, .toolCancelled, .grounding,
            .recordingEnded, .settingsReloaded, .warning, .error:
            return [happened]
        }
    }
}
