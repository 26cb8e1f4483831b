package import LiveProtocol

/// Whose turn it is, as far as the service's messages tell: when the line may be changed with nobody noticing.
///
/// Pure. It knows what is going on *at the service*; speech that was received and still plays does not matter here, as
/// it plays on whatever becomes of the line.
package struct Floor: Equatable, Sendable {
    package struct Limits: Equatable, Sendable {
        /// The user's words come in pieces; within this time of one, more may follow.
        package var words: Duration = .seconds(2)
        /// How long an answer is waited for before the floor counts as free again.
        package var answer: Duration = .seconds(10)
        /// How long after the last of its content an answer without an end is taken to be over (pitfall 50).
        package var inactive: Duration = .seconds(15)
        /// How long the service may think on without a word.
        package var thinking: Duration = .seconds(120)
        /// How long after an exchange the handle that remembers it may take to come (gemini-live §5 rule 2).
        package var handle: Duration = .seconds(2)

        package init() {}
    }

    package let limits: Limits
    /// An answer is being generated. Its last content came at `lastContent`.
    private var isGenerating = false
    private var lastContent: Duration = .zero
    private var received = 0
    private var userSpokeAt: Duration?
    private var askedAt: Duration?
    private var openCalls = 0
    /// The service thinks on, although the turn is complete (gemini-live §5 rule 10).
    package private(set) var isInteracting = false
    private var interactingSince: Duration = .zero
    /// What the last update said; nil while there was none.
    private var isResumable: Bool?
    /// When something was last said that a handle must come after to remember it.
    private var saidAt: Duration?
    private var handleAt: Duration?

    package init(limits: Limits = Limits()) { self.limits = limits }

    // MARK: What happens

    package mutating func handle(_ event: LiveEvent, now: Duration) {
        switch event {
        case .speech, .text, .blob, .code, .codeResult, .toolCallMentioned: contentCame(now)
        case .transcription(let piece) where piece.speaker == .model: contentCame(now)
        case .transcription, .voiceActivity(.started): userSpokeAt = now
        case .toolCalled:
            askedAt = nil
            saidAt = now
        case .generationCompleted, .turnCompleted, .interrupted: answerEnded(now)
        case .interactionStatus(let status):
            isInteracting = status == .inProgress
            interactingSince = now
        case .resumption(let handle, let isResumable, _):
            self.isResumable = isResumable
            if isResumable, handle?.isEmpty == false { handleAt = now }
        default: break
        }
    }

    /// Somebody seems to be speaking, though the service has told of no words yet.
    package mutating func userSpeaks(now: Duration) { userSpokeAt = now }

    /// Something was said or sent that wants an answer.
    package mutating func asked(now: Duration) {
        askedAt = now
        saidAt = now
    }

    /// - Parameter count: calls whose results have not been sent.
    package mutating func callsOpen(_ count: Int) { openCalls = count }

    /// A fresh line: what was under way on the old one is over.
    package mutating func lineEnded() {
        let calls = openCalls
        self = Floor(limits: limits)
        openCalls = calls
    }

    /// - Parameter position: samples of speech received so far: an answer's speech is announced once only.
    package mutating func speechReceived(upTo position: Int, now: Duration) {
        if position != received, isGenerating { lastContent = now }
        received = position
    }

    // MARK: What it means

    /// Words came, or somebody seemed to speak, moments ago.
    package func isUserSpeaking(now: Duration) -> Bool { userSpokeAt.map { now < $0 + limits.words } ?? false }

    /// An answer is being generated, a tool works, or the service thinks on.
    package func isBusy(now: Duration) -> Bool {
        openCalls > 0 || (isInteracting && now < interactingSince + limits.thinking)
            || (isGenerating && now < lastContent + limits.inactive)
    }

    /// Nobody speaks, nothing is due, and the newest handle remembers everything that was said.
    package func isFree(now: Duration) -> Bool {
        !isBusy(now: now) && pauses.allSatisfy { now >= $0 } && isResumable != false
    }

    /// The next moment at which `isFree` may change without an event.
    package func deadline(now: Duration) -> Duration? {
        let generatingUntil = isGenerating ? lastContent + limits.inactive : nil
        let thinkingUntil = isInteracting ? interactingSince + limits.thinking : nil
        return (pauses + [generatingUntil, thinkingUntil].compactMap { $0 }).filter { $0 > now }.min()
    }

    /// What must have passed for the floor to be free.
    private var pauses: [Duration] {
        var pauses = [userSpokeAt.map { $0 + limits.words }, askedAt.map { $0 + limits.answer }].compactMap { $0 }
        if let saidAt, handleAt.map({ $0 < saidAt }) ?? true { pauses.append(saidAt + limits.handle) }
        return pauses
    }

    private mutating func contentCame(_ now: Duration) {
        isGenerating = true
        lastContent = now
        askedAt = nil
        saidAt = now
    }

    private mutating func answerEnded(_ now: Duration) {
        if isGenerating || askedAt != nil { saidAt = now }
        isGenerating = false
        askedAt = nil
    }
}
