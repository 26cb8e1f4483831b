import AudioCore
import Events
import LiveSession
import Testing

@testable import Assistant

@Suite("Cues", .timeLimit(.minutes(5)))
struct CuesTests {
    private func heard(_ bodies: [Event.Body], by cues: Cues) -> [Chime?] {
        var cues = cues
        // Five seconds apart, so that none is too soon after another.
        return bodies.enumerated().map { cues.chime(for: Event(at: Int64($0) * 5_000, session: nil, $1)) }
    }

    private let story: [(Event.Body, Chime?)] = [
        (.sessionConnecting(attempt: 1), nil), (.wakeHeard(because: "word"), .wake),
        (.audioMuted(true), .muted), (.audioMuted(false), .unmuted),
        (.sessionRotating(because: .goAway), nil), (.sessionRotating(because: .drop), .trouble),
        (.sessionResumed(because: .timer, gapMilliseconds: 9, lostMilliseconds: 0, how: "handle"), nil),
        (.sessionResumed(because: .drop, gapMilliseconds: 900, lostMilliseconds: 0, how: "handle"), .connected),
        (.audioDevice(direction: .input, device: "default", state: .open, reason: nil), nil),
        (.audioDevice(direction: .input, device: "default", state: .lost, reason: "gone"), .trouble),
        (.audioDevice(direction: .input, device: "default", state: .reopened, reason: nil), .connected),
        (.error(Problem(code: "session.ended", message: "over")), .trouble),
        (.wakeAsleep(because: "idle"), .asleep), (.recordingStarted(path: "/r"), .recording),
    ]

    @Test("what a screen would show is chimed, and what nobody needs to know is not")
    func meanings() {
        #expect(heard(story.map(\.0), by: Cues(.on, mode: .open, hasScreen: true)) == story.map(\.1))
    }

    @Test("of its own accord it chimes without a screen and in wake mode, and is silent when it is off")
    func policy() {
        let muted: [Event.Body] = [.audioMuted(true)]
        #expect(heard(muted, by: Cues(.auto, mode: .open, hasScreen: true)) == [nil])
        #expect(heard(muted, by: Cues(.auto, mode: .open, hasScreen: false)) == [.muted])
        #expect(heard(muted, by: Cues(.auto, mode: .wake, hasScreen: true)) == [.muted])
        #expect(heard(muted, by: Cues(.off, mode: .wake, hasScreen: false)) == [nil])
        let switched: [Event.Body] = [.turnsMode(mode: "wake", because: "asked"), .audioMuted(true)]
        #expect(heard(switched, by: Cues(.auto, mode: .open, hasScreen: true)) == [nil, .muted])
    }

    private let opened = Event.Body.audioDevice(direction: .output, device: "default", state: .open, reason: nil)

    @Test("where no screen says that a recording begins, it is chimed whatever is set")
    func recording() {
        let begun: [Event.Body] = [opened, .recordingStarted(path: "/r"), .audioMuted(true)]
        #expect(heard(begun, by: Cues(.off, mode: .open, hasScreen: false)) == [nil, .recording, nil])
        #expect(heard(begun, by: Cues(.auto, mode: .open, hasScreen: false)) == [nil, .recording, .muted])
        #expect(heard(begun, by: Cues(.auto, mode: .open, hasScreen: true)) == [nil, nil, nil])
        #expect(heard(begun, by: Cues(.off, mode: .wake, hasScreen: true)) == [nil, nil, nil])
    }

    @Test("a recording that begins before anything can be heard is chimed once something can")
    func recordingBeforeOutput() {
        let begun = Event.Body.recordingStarted(path: "/r")
        var cues = Cues(.off, mode: .open, hasScreen: false)
        #expect(cues.chime(for: Event(at: 0, session: nil, begun)) == .recording)
        #expect(cues.chime(for: Event(at: 1, session: nil, opened)) == .recording)
        #expect(cues.chime(for: Event(at: 9_000, session: nil, opened)) == nil)

        let lost = Event.Body.audioDevice(direction: .output, device: "default", state: .lost, reason: "gone")
        let back = Event.Body.audioDevice(direction: .output, device: "default", state: .reopened, reason: nil)
        let around = [lost, begun, back, lost, back]
        #expect(
            heard([opened] + around, by: Cues(.on, mode: .open, hasScreen: true))
                == [nil, .trouble, .recording, .recording, .trouble, .connected])
        #expect(
            heard([opened] + around, by: Cues(.off, mode: .open, hasScreen: true)).allSatisfy { $0 == nil })
    }

    @Test("a setting that changes holds from the next event on")
    func change() {
        var cues = Cues(.off, mode: .open, hasScreen: true)
        #expect(cues.chime(for: Event(at: 0, session: nil, .audioMuted(true))) == nil)
        cues.setting = .on
        #expect(cues.chime(for: Event(at: 1, session: nil, .audioMuted(true))) == .muted)
        cues.setting = .off
        #expect(cues.chime(for: Event(at: 5_000, session: nil, .audioMuted(false))) == nil)
    }

    @Test("one loss that is told in several events is chimed once")
    func once() {
        var cues = Cues(.on, mode: .open, hasScreen: false)
        let lost = Event.Body.audioDevice(direction: .output, device: "default", state: .lost, reason: "gone")
        let error = Event.Body.error(Problem(code: "audio.device", message: "gone"))
        #expect(cues.chime(for: Event(at: 1_000, session: nil, lost)) == .trouble)
        #expect(cues.chime(for: Event(at: 1_001, session: nil, error)) == nil)
        #expect(cues.chime(for: Event(at: 4_000, session: nil, error)) == .trouble)
    }
}
