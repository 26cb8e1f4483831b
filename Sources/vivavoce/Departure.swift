import Assistant

/// When the process ends, whatever of the conversation hangs by then: a person who asked for the end gets it.
///
/// What was begun is not given longer by what follows, with one exception. While an older record is brought to the newest
/// form nothing is due, because what is said meanwhile is nowhere else yet.
struct Departure: Equatable, Sendable {
    typealias Instant = ContinuousClock.Instant

    /// How long the conversation and its transcript may take to end once they should.
    let patience: Duration
    /// What to end with; nil until it should.
    private(set) var exit: ExitCode?
    private var end: Instant?
    private var isUpgrading = false
    private var isHurried = false
    private var isConversationOver = false

    init(patience: Duration) { self.patience = patience }

    /// When to end now; nil for not yet.
    var due: Instant? { isUpgrading && !isHurried ? nil : end }

    mutating func ask(for exit: ExitCode, now: Instant) {
        guard !isHurried else { return }
        self.exit = exit
        end = min(end ?? now + patience, now + patience)
    }

    /// Waits for nothing any more.
    mutating func hurry(with exit: ExitCode, now: Instant) {
        isHurried = true
        self.exit = exit
        end = now
    }

    /// What it still has to print remains.
    mutating func conversationEnded(with exit: ExitCode, now: Instant) {
        recordChanged(isUpgrading: false, now: now)
        isConversationOver = true
        ask(for: exit, now: now)
    }

    mutating func recordChanged(isUpgrading: Bool, now: Instant) {
        guard isUpgrading != self.isUpgrading, !isConversationOver else { return }
        self.isUpgrading = isUpgrading
        if !isUpgrading, !isHurried, end != nil { end = now + patience }
    }
}
