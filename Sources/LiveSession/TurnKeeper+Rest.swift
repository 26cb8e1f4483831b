/// Letting devices stand still that nobody needs: a microphone nobody is heard through until a key is pressed, a
/// loudspeaker with nothing to play.
extension TurnKeeper {
    /// Devices that may stand still.
    package struct Rest: OptionSet, Sendable, Hashable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        package static let microphone = Rest(rawValue: 1)
        package static let loudspeaker = Rest(rawValue: 2)
        /// The microphone is needed, but nobody waits for what it brings: a wake word may be found a little later.
        package static let haste = Rest(rawValue: 4)
    }

    /// Devices that nobody needs, and since when it is these.
    struct Idleness: Equatable, Sendable {
        var devices = Rest()
        var since = Duration.zero
    }

    mutating func letRest(at moment: Moment) -> [Effect] {
        let unneeded = unneeded(at: moment)
        if unneeded != idle.devices { idle = Idleness(devices: unneeded, since: moment.now) }
        let isDue = configuration.restAfter.map { moment.now >= idle.since + $0 } ?? false
        let wanted = isDue ? unneeded : resting.intersection(unneeded)
        guard wanted != resting else { return [] }
        // What was captured before it stood still is old by now, and no part of what comes.
        if resting.contains(.microphone), !wanted.contains(.microphone) { lastEnd = max(lastEnd, moment.captured) }
        resting = wanted
        return [.rest(wanted)]
    }

    /// When devices may begin to stand still, if nothing happens before.
    var restDeadline: Duration? {
        idle.devices == resting ? nil : configuration.restAfter.map { idle.since + $0 }
    }

    private func unneeded(at moment: Moment) -> Rest {
        guard passage == nil, hold == nil, !moment.isPlaying, !moment.isAnswering else { return [] }
        switch scheme(at: moment) {
        case .continuous, .detector: return []
        case .key: return key == .up ? [.microphone, .loudspeaker] : []
        // Muted, the microphone is not read in any case; asleep, it is listened to for the wake word.
        case .none: return isAsleep ? [.loudspeaker, .haste] : .loudspeaker
        }
    }
}
