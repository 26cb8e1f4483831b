/// Whether the key to talk is down, also at terminals that tell only of keys that go down.
///
/// Pure. Those repeat a key that is held; when the repeats stop, it was let go.
package struct TalkKey: Equatable, Sendable {
    /// What the terminal says of the key.
    package enum Event: Sendable, Equatable {
        case down
        case held
        case up
        /// It tells of `held` and `up`, so that nothing needs to be guessed.
        case isReported
    }

    package enum Change: Sendable, Equatable { case pressed, released }

    /// Keyboards wait for up to so long before they repeat a key (X: 660 ms), and then for up to so long between two.
    package static let firstRepeat = Duration.milliseconds(700)
    package static let nextRepeat = Duration.milliseconds(150)

    package private(set) var isDown = false
    private var isReported = false
    private var hasRepeated = false
    private var lastAt = Duration.zero

    package init() {}

    /// When it counts as let go unless it repeats; nil while that is known, or it is up.
    package var deadline: Duration? {
        guard isDown, !isReported else { return nil }
        return lastAt + (hasRepeated ? Self.nextRepeat : Self.firstRepeat)
    }

    /// - Parameter now: time since any fixed moment.
    package mutating func note(_ event: Event, now: Duration) -> Change? {
        lastAt = now
        switch event {
        case .down where !isDown:
            isDown = true
            hasRepeated = false
            return .pressed
        case .down, .held: hasRepeated = true
        case .up where isDown:
            isDown = false
            return .released
        case .up: break
        case .isReported: isReported = true
        }
        return nil
    }

    package mutating func timePassed(now: Duration) -> Change? {
        guard let deadline, now >= deadline else { return nil }
        isDown = false
        return .released
    }
}
