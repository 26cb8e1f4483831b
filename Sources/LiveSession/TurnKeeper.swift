/// When the user is heard: which passages of the voice go up, by the mode, the key, our voice detector, the wake word and
/// what plays.
///
/// Pure: told what happened and when, it answers with what must be done, in order. It decides where a passage begins and
/// ends; what a line must be told of that, the `Voice` knows. Positions are those of the voice ring.
package struct TurnKeeper: Equatable, Sendable {
    /// How passages come about.
    enum Scheme: Equatable, Sendable {
        /// All voice goes up, and the service notices when somebody speaks.
        case continuous
        /// Our detector begins and ends turns.
        case detector
        case key
        /// No voice goes up.
        case none
    }

    enum Key: Equatable, Sendable {
        case up
        /// It may still be a slip.
        case down(since: Duration, at: Int)
        case talking
    }

    /// Whether the wake word is waited for.
    enum Attention: Equatable, Sendable {
        case awake(until: Duration)
        case asleep(since: Duration, isParked: Bool)
    }

    struct Passage: Equatable, Sendable {
        var scheme: Scheme
        /// Where the voice was first heard.
        var onset: Int
    }

    /// An answer that was silenced here before the service said so.
    struct Hold: Equatable, Sendable {
        var since: Duration
        /// Where the voice stood.
        var position: Int
        /// A turn was begun, which is no false alarm.
        var isTurn: Bool
        var heardWords = false
    }

    package internal(set) var configuration: Configuration
    package let limits: Limits
    package internal(set) var mode: TurnMode
    /// Whether the line that is live needs marks around the voice; nil while none is.
    var isLineManual: Bool?
    var isRenewalAsked = false
    var mutedAt: Duration?
    var hasInputEnded = false
    var log: VoiceLog
    var passage: Passage?
    /// Nothing before it may go up again.
    var lastEnd = 0
    var key = Key.up
    var attention: Attention?
    /// Where the wake word ended, until a turn has come of it.
    var wokenAt: Int?
    var hold: Hold?
    /// Voice before it stops no answer: it has been judged.
    var judgedUntil = 0
    var isPlaying = false
    /// When the answer was last seen to have been played to its end.
    var playedAt: Duration?
    /// A turn or an answer was under way when last looked.
    var isBusy = false
    /// Devices that may stand still.
    var resting = Rest()
    /// Devices that nobody needs, and since when it is these.
    var idle = Idleness()

    package init(_ configuration: Configuration, limits: Limits = Limits()) {
        self.configuration = configuration
        self.limits = limits
        mode = configuration.mode
        mutedAt = configuration.isMuted ? .zero - limits.lastCapture : nil
        log = VoiceLog(memory: max(5 * Duration.voiceRate, (configuration.quiet / limits.quietShare * 2).voiceSamples))
    }

    // MARK: What it means

    /// Whether a line for this mode must leave it to us when a turn begins and ends.
    package var needsManualLine: Bool {
        switch mode {
        case .open, .half: false
        case .local, .hold, .toggle, .wake: true
        }
    }

    package var isMuted: Bool { mutedAt != nil }

    /// Nothing is listened to but the wake word.
    package var isAsleep: Bool { if case .asleep = attention { true } else { false } }

    /// A turn of the user is under way, as far as we know without the service.
    package var isUserSpeaking: Bool {
        log.hearsVoice || passage.map { $0.scheme != .continuous } ?? false
    }

    // MARK: What happens

    /// The conversation begins.
    package mutating func start(at moment: Moment) -> [Effect] {
        if scheme(at: moment) == .continuous {
            passage = Passage(scheme: .continuous, onset: 0)
            return [.begin(from: 0)]
        }
        return enterMode(at: moment) + settle(at: moment)
    }

    package mutating func change(to mode: TurnMode, because: String, at moment: Moment) -> [Effect] {
        guard mode != self.mode else { return [] }
        var effects = leaveMode(at: moment)
        self.mode = mode
        isRenewalAsked = false
        effects.append(.tell(.mode(mode, because: because)))
        return effects + enterMode(at: moment) + settle(at: moment)
    }

    /// Something of the voice changed. Tell edges in their order, each before a moment that lies past it.
    package mutating func note(_ edge: VoiceLog.Edge, at moment: Moment) -> [Effect] {
        var before = moment
        before.captured = min(edge.position, moment.captured)
        let effects = settle(at: before)
        log.note(edge)
        return effects
    }

    /// - Parameter backBy: how long ago it ended.
    package mutating func wakeWordHeard(because: String, backBy: Duration, at moment: Moment) -> [Effect] {
        guard mode == .wake, hears(at: moment) else { return [] }
        let ago = min(max(backBy, .zero), .seconds(10))  // as far back as any voice is kept
        wokenAt = max(lastEnd, moment.captured - ago.voiceSamples)
        return wake(because: because, at: moment) + settle(at: moment)
    }

    /// The microphone is not read from here on, or is again.
    package mutating func muted(_ isMuted: Bool, at moment: Moment) -> [Effect] {
        if isMuted != self.isMuted { mutedAt = isMuted ? moment.now : nil }
        return settle(at: moment)
    }

    /// There is no voice to be captured any more, or there is again.
    package mutating func inputEnded(_ hasEnded: Bool, at moment: Moment) -> [Effect] {
        hasInputEnded = hasEnded
        return settle(at: moment)
    }

    /// A line is live.
    package mutating func lineOpened(isManual: Bool, at moment: Moment) -> [Effect] {
        isLineManual = isManual
        isRenewalAsked = false
        return settle(at: moment)
    }

    package mutating func lineClosed() { isLineManual = nil }

    /// Something is to be sent that needs a line.
    package mutating func lineWanted(at moment: Moment) -> [Effect] {
        guard case .asleep(_, let isParked) = attention else { return [] }
        attention = .asleep(since: moment.now, isParked: false)
        return isParked ? [.unpark] : []
    }

    /// The service has cut the answer.
    package mutating func interrupted(at moment: Moment) -> [Effect] {
        guard hold != nil else { return settle(at: moment) }
        return letGoOn(at: moment) + settle(at: moment)
    }

    /// The service has understood something of what the user says.
    package mutating func userWords() { hold?.heardWords = true }

    /// Time passed, or something else happened that shows in the moment only. Calling it often is harmless.
    package mutating func settle(at moment: Moment) -> [Effect] {
        followPlayback(at: moment)
        var effects = attend(at: moment)
        effects += keepPassages(at: moment)
        effects += judge(at: moment)
        effects += letRest(at: moment)
        if let isLineManual, isLineManual != needsManualLine, !isRenewalAsked {
            isRenewalAsked = true
            effects.append(.renew)
        }
        return effects
    }
}
