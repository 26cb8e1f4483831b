import Events
import Testing

@testable import Assistant

/// Who cannot hear or speak is not well, whatever it says of itself (invariant 9).
@Suite("Health", .timeLimit(.minutes(1)))
struct HealthTests {
    private enum Step {
        /// Seconds in which each of these moves, looked at each second.
        case seconds(Int, hears: Bool? = true, speaks: Bool? = true, moves: Bool = true)
        /// Seconds between two tries.
        case idle(Int)
        /// Seconds in which none is wanted.
        case waits(Int, String)
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
                live, .seconds(2), .told(.sessionEnded(reason: "asked", code: nil, exit: 0)),
                .waits(600, "no conversation"), .expect(.well, "no conversation"), .begins, .seconds(2), .expect(.well),
            ]
        ),
        (
            "unplugged, and then hung up: nobody wants the device any more",
            [
                live, .seconds(2), device(.input, .lost, "gone"), .seconds(7, hears: false),
                .expect(.sick, "cannot hear"),
                .told(.sessionEnded(reason: "asked", code: nil, exit: 0)), .waits(1, "no conversation"),
                .expect(.well, "no conversation"), .waits(600, "no conversation"), .expect(.well),
            ]
        ),
        (
            "hung up between two tries for a device that is gone, and asked for again while it still is",
            [
                live, .seconds(2), device(.output, .lost, "gone"), .idle(9), .expect(.sick, "cannot speak"),
                .waits(1, "no conversation"), .expect(.well), .begins, .seconds(1, speaks: false),
                device(.output, .lost, "gone"), .idle(1), .expect(.sick, "alsa:output (gone)"),
            ]
        ),
        (
            "a budget that was used up before anything began: it waits, which is all that can be had",
            [
                .waits(1, "budget.day is used up"), .expect(.well, "budget.day is used up"),
                .waits(600, "budget.day is used up"), .expect(.well), .begins, .seconds(2, hears: false),
                .expect(.well, "opening the devices"), .seconds(5, hears: false), .expect(.sick, "cannot hear"),
            ]
        ),
        (
            "hung up before it was live",
            [
                .told(.sessionConnecting(attempt: 1)), .seconds(3), .expect(.starting),
                .waits(1, "no conversation is under way"), .expect(.well, "no conversation is under way"),
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
                    let pulse = Pulse(
                        steps: moved, captured: hears.map { _ in heard }, played: speaks.map { _ in spoken })
                    health.observe(.conversing(pulse), now: now)
                }
            case .idle(let count):
                for _ in 0..<count {
                    now += .seconds(1)
                    health.observe(.conversing(nil), now: now)
                }
            case .waits(let count, let because):
                for _ in 0..<count {
                    now += .seconds(1)
                    health.observe(.waiting(because: because), now: now)
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
