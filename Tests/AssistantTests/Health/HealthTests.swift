import Events
import Testing

@testable import Assistant

/// Who cannot hear or speak is not well, whatever it says of itself (invariant 9).
@Suite("Health", .timeLimit(.minutes(1)))
struct HealthTests {
    private enum Step {
        /// Seconds in which each of these moves, looked at each second.
        case seconds(Int, hears: Bool? = true, speaks: Bool? = true, moves: Bool = true)
        /// Seconds without a conversation.
        case idle(Int)
        case told(Event.Body)
        /// Counters begin anew.
        case begins
        case expect(Health.Condition, String? = nil)
    }

    private static let live = Step.told(.sessionLive(model: "m", resumed: false))

    private static func device(_ direction: Direction, _ state: DeviceState, _ reason: String? = nil) -> Step {
        .told(.audioDevice(direction: direction, device: "alsa:\(direction)", state: state, reason: reason))
    }

    private static let cases: [(String, [Step])] = [
        ("nothing has moved yet", [.expect(.starting, "not ready yet; opening the devices")]),
        ("devices alone are not enough", [.seconds(10), .expect(.starting)]),
        ("a live session alone is not enough", [live, .seconds(4, hears: false), .expect(.starting)]),
        (
            "a microphone that never brings anything",
            [live, .seconds(7, hears: false), .expect(.starting, "cannot hear")]
        ),
        ("live, and sound goes both ways", [live, .seconds(2), .expect(.well, "in conversation")]),
        (
            "asleep from the beginning",
            [.told(.wakeAsleep(because: "start")), .seconds(2), .expect(.well, "asleep")]
        ),
        (
            "a dead microphone thread, of which nobody tells",
            [
                live, .seconds(2), .seconds(5, hears: false), .expect(.well), .seconds(1, hears: false),
                .expect(.sick, "cannot hear"),
            ]
        ),
        (
            "a dead loudspeaker thread",
            [live, .seconds(2), .seconds(6, speaks: false), .expect(.sick, "cannot speak")]
        ),
        (
            "a loop that does not answer",
            [live, .seconds(2), .seconds(6, moves: false), .expect(.sick, "the session does not go on")]
        ),
        ("muted is not sick", [live, .seconds(2), .seconds(600, hears: nil), .expect(.well)]),
        (
            "unmuted, and nothing comes",
            [live, .seconds(2), .seconds(9, hears: nil), .seconds(7, hears: false), .expect(.sick, "cannot hear")]
        ),
        ("pipes on both ends", [live, .seconds(30, hears: nil, speaks: nil), .expect(.well)]),
        (
            "unplugged and back at once",
            [
                live, .seconds(2), device(.input, .lost, "gone"), .seconds(3, hears: false),
                device(.input, .reopened), .seconds(1), .expect(.well),
            ]
        ),
        (
            "unplugged for good: the words say why",
            [
                live, .seconds(2), device(.input, .lost, "No such device"), .seconds(1), .seconds(6, hears: false),
                .expect(.sick, "alsa:input (No such device)"),
            ]
        ),
        (
            "it mends",
            [live, .seconds(2), .seconds(9, hears: false), .expect(.sick), .seconds(1), .expect(.well)]
        ),
        (
            "a device that could not be had, between two tries and in the next",
            [
                live, .seconds(2), device(.output, .lost, "busy"), .idle(1), .expect(.sick, "cannot speak"), .begins,
                .seconds(1, speaks: false), .idle(5), .begins, .seconds(4, speaks: false), .idle(9),
                .expect(.sick, "busy"), .begins, .seconds(2), .expect(.well),
            ]
        ),
        (
            "hung up: nothing has to move",
            [
                live, .seconds(2), .told(.sessionEnded(reason: "asked", code: nil, exit: 0)), .idle(600),
                .expect(.well, "no conversation"), .begins, .seconds(2), .expect(.well),
            ]
        ),
        (
            "a network that is away is told, and no sickness",
            [
                live, .seconds(2), .told(.sessionEnded(reason: "no route", code: nil, exit: 69)), .idle(60),
                .expect(.well, "no route"),
            ]
        ),
        (
            "a service that was never reached leaves it unready",
            [.told(.sessionConnecting(attempt: 1)), .seconds(20), .idle(60), .expect(.starting, "connecting")]
        ),
        (
            "nothing but zeros is told",
            [
                live, .seconds(2), device(.input, .silent, "nothing but zeros"), .seconds(1),
                .expect(.well, "nothing but zeros"), device(.input, .open), .seconds(1), .expect(.well),
            ]
        ),
    ]

    @Test("by what moves and what is told", arguments: cases)
    private func conditions(name: String, steps: [Step]) {
        var health = Health()
        var now = Duration.seconds(1000)
        var (heard, spoken, moved) = (0, 0, 0)
        for (index, step) in steps.enumerated() {
            switch step {
            case .seconds(let count, let hears, let speaks, let moves):
                for _ in 0..<count {
                    now += .seconds(1)
                    if hears == true { heard += 100 }
                    if speaks == true { spoken += 100 }
                    if moves { moved += 1 }
                    health.observe(
                        Pulse(steps: moved, captured: hears.map { _ in heard }, played: speaks.map { _ in spoken }),
                        now: now)
                }
            case .idle(let count):
                for _ in 0..<count {
                    now += .seconds(1)
                    health.observe(nil, now: now)
                }
            case .told(let body): health.note(body)
            case .begins: (heard, spoken, moved) = (0, 0, 0)
            case .expect(let condition, let words):
                #expect(health.condition(now: now) == condition, "\(name), step \(index): \(health.words(now: now))")
                if let words { #expect(health.words(now: now).contains(words), "\(name), step \(index)") }
            }
        }
    }
}
