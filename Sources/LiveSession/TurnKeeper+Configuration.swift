/// What a keeper is told once: what is wanted, and what counts as what.
extension TurnKeeper {
    /// What speaking over the answer does here; what it does at the service is a matter of the setup.
    package enum BargeIn: Sendable, Hashable {
        /// The answer is silenced at once, and goes on if it was a false alarm (pitfall 41).
        case local
        case service
        case off
    }

    package struct Configuration: Equatable, Sendable {
        package var mode = TurnMode.open
        /// From the beginning: nothing of the microphone has been or is read.
        package var isMuted = false
        package var bargeIn = BargeIn.local
        /// Neither the input nor the output is a pipe, whose sound must come whole.
        package var canHold = true
        /// Quiet that ends a turn, where our detector decides.
        package var quiet: Duration = .milliseconds(480)
        /// How long the user is heard without the wake word after an answer.
        package var followUp: Duration = .seconds(8)
        /// How long the connection is kept while asleep.
        package var idle: Duration = .seconds(30)
        /// How long devices run that nobody needs; nil: always.
        package var restAfter: Duration? = .seconds(30)

        package init() {}
    }

    package struct Limits: Equatable, Sendable {
        /// What goes up from before the voice that began a turn (pitfall 32), the press of the key, and the wake word's
        /// end.
        package var preRoll: Duration = .milliseconds(300)
        package var keyPreRoll: Duration = .milliseconds(200)
        package var wakePreRoll: Duration = .milliseconds(1500)
        /// What goes up from after the release of the key.
        package var tail: Duration = .milliseconds(150)
        /// A shorter press was none.
        package var press: Duration = .milliseconds(100)
        /// Voice within `recently` that begins a turn: a click is shorter, the shortest words are not.
        package var onset: Duration = .milliseconds(60)
        /// Likewise, while the answer plays: a cough is no turn (pitfall 41).
        package var bargeIn: Duration = .milliseconds(200)
        /// Voice that silences the answer until it is known what it was. Little, because the detector has made sure of
        /// some already, and silence that comes late is talked over.
        package var hush: Duration = .milliseconds(20)
        package var recently: Duration = .milliseconds(400)
        /// The share of quiet that makes a pause: 24 of 30 frames of 20 ms.
        package var quietShare = 24.0 / 30
        /// How long a silenced answer is kept for the case that nobody spoke.
        package var hold: Duration = .milliseconds(1500)
        /// It goes on sooner, after so much quiet, when there was less voice than a turn needs.
        package var calm: Duration = .milliseconds(600)
        /// How long after the answer the microphone stays closed in `half`: what is still in the room.
        package var echo: Duration = .milliseconds(250)
        /// How long after muting the last of the voice may still be captured.
        package var lastCapture: Duration = .milliseconds(200)
        /// How long an answer to a turn may take before the follow-up window counts.
        package var answer: Duration = .seconds(10)

        package init() {}
    }
}
