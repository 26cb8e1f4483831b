import LiveProtocol
import LiveSession
import LiveSessionModelling
import Testing

/// The session's machines against a simulated service, at random. `scripts/test` plays a hundred thousand scripts in an
/// optimised build (`LiveSessionWalk`); here are as many as a debug build plays in seconds.
@Suite(.timeLimit(.minutes(5)))
struct ModelCheckTests {
    @Test("no random script violates an invariant")
    func randomWalk() {
        if let failure = ModelCheck().firstFailure(seeds: 0..<100) { Issue.record("\(failure)") }
    }

    struct Found: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var script: [Step]
    }

    @Test("what the walk found stays mended", arguments: found)
    func regression(_ given: Found) {
        if let violation = ModelCheck().violation(of: given.script) { Issue.record("\(violation)") }
    }

    private static let found = [
        Found(
            testDescription: "a call that one resumed session forgot is not known to the next (pitfall 26)",
            script: [
                .waitForDeadline, .call(isBlocking: false), .sleep(seconds: 90), .wait(milliseconds: 1000),
                .end(.normal),
            ]),
        Found(
            testDescription: "a call that was forgotten with an older handle stays forgotten (pitfall 26)",
            script: [
                .wait(milliseconds: 250), .call(isBlocking: true), .end(.internalError), .wait(milliseconds: 20_000),
                .end(.lost),
            ]),
        Found(
            testDescription: "a service that hands out a handle and dies is not dialled without a pause",
            script: [.door(.dyingAfterHandle), .wait(milliseconds: 9000)]),
        Found(
            testDescription: "an update without a handle makes no call known to the session (pitfall 26)",
            script: [
                .wait(milliseconds: 1000), .call(isBlocking: true), .oddity(.emptyHandle), .end(.protocolError),
            ]),
        Found(
            testDescription: "a result that is older than the handle is not sent again (pitfall 26)",
            script: [
                .wait(milliseconds: 20_000), .call(isBlocking: true), .poison, .type, .offerHandle(isResumable: true),
            ]),
        Found(
            testDescription: "a result that the model has taken, but the handle does not remember, is sent again",
            script: [
                .wait(milliseconds: 1000), .call(isBlocking: false), .offerHandle(isResumable: true), .poison, .type,
                .oddity(.words),
            ]),
        Found(
            testDescription: "a sleep during a change sends what was in flight again",
            script: [
                .waitForDeadline, .poison, .type, .end(.overflow), .goDeaf, .wait(milliseconds: 250),
                .wait(milliseconds: 20_000), .wait(milliseconds: 80), .sleep(seconds: 12),
            ]),
        Found(
            testDescription:
                "a silent turn answers what was spoken before it and what was typed (gemini-live §5 rule 14)",
            script: [
                .style(.silent), .wait(milliseconds: 500), .speak, .wait(milliseconds: 150), .renew, .type,
                .wait(milliseconds: 250),
            ]),
        Found(
            testDescription: "words that follow those which were asked again are not lost",
            script: [
                .wait(milliseconds: 250), .goAway(milliseconds: 5000), .poison, .speak, .waitForDeadline,
                .wait(milliseconds: 1000), .speak, .wait(milliseconds: 80), .end(.overflow),
            ]),
        Found(
            testDescription: "a session that is parked before it was live takes no handle of that line (pitfall 26)",
            script: [
                .wait(milliseconds: 3000), .call(isBlocking: false), .goAway(milliseconds: 5000), .answerCloses(false),
                .wait(milliseconds: 500), .end(.lost), .park,
            ]),
    ]

    /// A fault put into the keeper, and words of the violation by which it must be found.
    struct Fault: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var violation: String
        var tamper: ModelRun.Tamper
    }

    @Test("a planted fault is found, and shrunk to a script of a few steps", arguments: faults)
    func findsPlanted(_ fault: Fault) throws {
        let failure = try #require(ModelCheck(tamper: fault.tamper).firstFailure(seeds: 0..<200))
        #expect(failure.violation.contains(fault.violation), "\(failure)")
        #expect(failure.script.count <= 5, "\(failure)")
        #expect(ModelCheck().violation(of: failure.script) == nil, "\(failure)")
    }

    private static let faults = [
        Fault(testDescription: "the standby is set up beside the old line", violation: "pitfall 6") { effect, keeper in
            guard effect == .closeLine, keeper.machine.standby == .open else { return [effect] }
            return [.takeOver, .sendSetup(.init(handle: keeper.machine.handle))]
        },
        Fault(testDescription: "a handle is made up", violation: "pitfall 4") { effect, _ in
            if case .sendSetup(let change) = effect, change.handle != nil {
                [.sendSetup(.init(handle: "h9"))]
            } else {
                [effect]
            }
        },
        Fault(testDescription: "a good handle is thrown away", violation: "good handle") { effect, _ in
            if case .sendSetup(let change) = effect, change.handle != nil { [.sendSetup(.init())] } else { [effect] }
        },
        Fault(testDescription: "a question is not sent", violation: "lost") { effect, _ in
            if case .send(.text) = effect { [] } else { [effect] }
        },
        Fault(testDescription: "results are sent twice", violation: "pitfall 26") { effect, _ in
            if case .send(.toolResults) = effect { [effect, effect] } else { [effect] }
        },
        Fault(testDescription: "the gate opens before the questions", violation: "gate") { effect, _ in
            if case .send(.text) = effect { [.openGate, effect] } else { [effect] }
        },
        Fault(testDescription: "the voice goes on into a closing line", violation: "gate") { effect, _ in
            if case .closeGate = effect { [] } else { [effect] }
        },
        Fault(testDescription: "a parked session redials", violation: "nobody wants") { effect, keeper in
            keeper.isParked && effect == .closeLine ? [effect, .dial(attempt: 1)] : [effect]
        },
        Fault(testDescription: "one that could be woken is ended", violation: "woken") { effect, _ in
            if case .tell(.outOfReach) = effect {
                [.end(Ending(.unrecoverable, reason: "unreachable (after 9 attempts)"))]
            } else {
                [effect]
            }
        },
        Fault(testDescription: "the setup is sent twice", violation: "setup") { effect, _ in
            if case .sendSetup = effect { [effect, effect] } else { [effect] }
        },
    ]
}
