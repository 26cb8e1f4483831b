import LiveProtocol

/// One answer: what of it was received, where it was cut, and what of it was heard.
struct ModelTurn: Equatable, Sendable {
    enum Phase: Equatable, Sendable {
        case generating
        /// `turnComplete` came; it may still be playing.
        case closed(reason: String, at: Duration)
        /// `interrupted` came; `turnComplete` is due.
        case cut(at: Duration)
    }

    let number: Int
    private(set) var wording = Wording()
    var phase = Phase.generating
    private(set) var isCompleted = false
    private var isFinished = false
    /// All of its speech has been received.
    private var isWhole = false
    /// Samples of it that were heard when it was cut.
    private(set) var cutAt: Int?

    /// Speech position where it begins, and up to where it has been received.
    private let start: Int
    private(set) var end: Int
    /// When its first content came, and when its first sample left the device.
    private let opened: Duration
    private var begin: Duration?
    private(set) var lastContent: Duration
    /// When its line becomes final.
    private var closesAt: Duration?

    init(number: Int, start: Int, now: Duration) {
        self.number = number
        self.start = start
        end = start
        opened = now
        lastContent = now
    }

    /// Nothing more of it will be generated.
    var isOver: Bool { phase != .generating }
    var isCut: Bool { if case .cut = phase { true } else { false } }
    var hasSpeech: Bool { end > start }

    /// Nothing of it is left to play. A turn without speech has nothing to wait for.
    func isPlayed(at moment: Moment) -> Bool { !hasSpeech || moment.played >= end }

    func heard(at moment: Moment) -> Int { moment.heardIn(start..<end) }

    /// When something is to be done about it: it is given up, completed, or its line becomes final.
    func deadline(at moment: Moment, _ limits: TurnAssembler.Limits) -> Duration? {
        if isCompleted { return isFinished ? moment.now : closesAt }
        let unheard = isPlayed(at: moment) ? 0 : end - moment.played
        let playing = Duration.microseconds(Int64(unheard) * 1_000_000 / Int64(limits.rate))
        switch phase {
        case .generating: return max(lastContent + limits.inactive, moment.now + playing)
        case .closed(_, let at):
            // Completed when it has been heard; a device that stalls does not hold it open for ever.
            if unheard == 0 { return moment.now }
            let longest = at + .microseconds(Int64(end - start) * 1_000_000 / Int64(limits.rate))
            return min(moment.now + max(playing, .milliseconds(10)), max(longest + limits.late, at))
        case .cut(let at): return at + limits.late
        }
    }

    // MARK: What comes

    /// Not every message of speech is told of; what has been received belongs to the turn that is being generated.
    mutating func keepUp(with moment: Moment) {
        if begin == nil, hasSpeech { begin = moment.timeHeard(start) }
        guard phase == .generating, moment.received > end else { return }
        end = moment.received
        lastContent = moment.now
    }

    mutating func speechArrived(at moment: Moment) { end = moment.received }

    mutating func contentArrived(at now: Duration) { lastContent = now }

    mutating func generationCompleted() { isWhole = true }

    /// By how many samples its text ran ahead of its speech; nil while that is not known.
    func lead(_ limits: TurnAssembler.Limits) -> Int? {
        isWhole && hasSpeech ? wording.lead(of: end - start, samplesPerSecond: limits.rate) : nil
    }

    mutating func take(
        _ piece: Transcription, at moment: Moment, usualLead: Int?, _ limits: TurnAssembler.Limits
    ) -> [TurnChange] {
        let received = (isOver ? end : max(end, moment.received)) - start
        if !isOver { lastContent = moment.now }
        isFinished = isFinished || piece.isFinished
        let (isNews, isNowFull) = wording.take(piece, samples: max(received, 0))
        var changes: [TurnChange] = []
        if isNews { changes.append(.partial(line(usualLead: usualLead, limits))) }
        if isNowFull { changes.append(.cutShort(turn: number)) }
        return changes
    }

    // MARK: Its end

    /// - Returns: samples of it that were heard.
    mutating func cut(at moment: Moment) -> Int {
        let heard = heard(at: moment)
        cutAt = heard
        return heard
    }

    mutating func complete(at moment: Moment, _ limits: TurnAssembler.Limits) -> TurnChange {
        let reason =
            switch phase {
            case .closed(let said, _): said
            case .cut: "interrupted"
            case .generating: "superseded"
            }
        isCompleted = true
        closesAt = moment.now + limits.late
        return .completed(turn: number, speaker: .model, reason: reason, heard: cutAt ?? heard(at: moment))
    }

    // MARK: Its line

    /// - Parameter usualLead: what `lead` was of earlier turns.
    func line(usualLead: Int?, _ limits: TurnAssembler.Limits) -> TurnLine {
        let lead = lead(limits) ?? usualLead
        var line = TurnLine(
            turn: number, speaker: .model, text: wording.text, language: wording.language,
            heard: cutAt.map { wording.heard(samples: $0, samplesPerSecond: limits.rate, lead: lead) })
        line.begin = begin
        return line
    }

    /// - Parameter playsOn: what was not heard of it yet will be.
    func finalLine(
        at moment: Moment, playsOn: Bool, usualLead: Int?, _ limits: TurnAssembler.Limits
    ) -> TurnLine {
        var line = line(usualLead: usualLead, limits)
        let said = SpeechTimes(
            positions: start..<end, heard: heard(at: moment), playsOn: playsOn, rate: limits.rate,
            timeHeard: moment.timeHeard)
        line.begin = begin ?? said.time(after: 0) ?? opened
        let last = said.end ?? (hasSpeech ? nil : lastContent)
        line.end = max(last ?? opened, line.begin ?? opened)
        let marks = wording.marks(
            heard: cutAt, of: end - start, samplesPerSecond: limits.rate, lead: lead(limits) ?? usualLead)
        line.marks = marks.compactMap { mark in
            said.time(after: mark.samples).map { TurnLine.Mark(characters: mark.characters, time: $0) }
        }
        return line
    }
}
