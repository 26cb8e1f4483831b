import Testing

@testable import Rehearsal

@Suite("What a session does wrong when told to", .timeLimit(.minutes(5)))
struct SessionFaultTests {
    private static let resumable = #""sessionResumption":{}"#

    /// A session on a connection of its own that resumes what another gave out.
    private func resumed(_ handle: String, of player: SessionPlayer, setup members: String = "") throws -> SessionPlayer
    {
        var next = try SessionPlayer { $0 = player.session.options }
        next.session = RehearsalSession(options: player.session.options, version: "v1beta", connection: "d", now: .zero)
        (next.kept, next.sent) = (player.kept, [])
        let extra = members.isEmpty ? "" : ",\(members)"
        try next.receive(
            #"{"setup":{"model":"models/gemini-3.8-live","sessionResumption":{"handle":"\#(handle)"}\#(extra)}}"#)
        return next
    }

    private func typed(_ text: String) -> String { #"{"realtimeInput":{"text":"\#(text)"}}"# }

    @Test("goAway and the limit come to a client that says nothing at all (pitfall 2)")
    func quietClient() throws {
        var player = try SessionPlayer {
            $0.connectionLimit = .seconds(10)
            $0.goAwayBefore = .seconds(1)
        }
        player.pass(9_000)
        #expect(player.news() == ["setupComplete", "goAway"])
        player.pass(999)
        #expect(player.closed == nil)
        player.pass(1)
        #expect(player.news() == [])
        #expect(player.closed == .deadlineExpired)
    }

    @Test(
        "the limit is not announced before setupComplete, and holds for a connection that never sends a setup (rule 1)")
    func limitBeforeSetup() {
        var options = RehearsalSession.Options()
        options.connectionLimit = .seconds(10)
        options.goAwayBefore = .seconds(5)
        var session = RehearsalSession(options: options, version: "v1beta", connection: "c", now: .zero)
        #expect(session.nextDeadline == .seconds(10))
        #expect(session.tick(now: .seconds(6)) == [])
        #expect(session.tick(now: .seconds(10)) == [.close(.deadlineExpired)])
    }

    @Test(
        "a session ends after its limit, whatever its connections do, and its handles with it; compression lifts that")
    func sessionLimit() throws {
        var player = try SessionPlayer(setup: Self.resumable) {
            $0.sessionLimit = .seconds(900)
            $0.goAwayBefore = .seconds(60)
        }
        player.pass(500_000)
        var compressing = try resumed("c-1", of: player, setup: #""contextWindowCompression":{"slidingWindow":{}}"#)
        compressing.pass(3_600_000)
        #expect(compressing.closed == nil)
        var next = try resumed("c-1", of: player)
        // The handle was given after 100 ms; the store adds the rest, but here it is the same instant.
        next.pass(839_899)
        #expect(!next.news().contains("goAway"))
        next.pass(1)
        #expect(next.news() == ["goAway"])
        next.pass(60_000)
        #expect(next.closed == .deadlineExpired)
        #expect(next.kept.isEmpty)
        #expect(try resumed("c-1", of: next).closed == .sessionNotFound)
    }

    @Test("pictures bring the end of a session nearer (pitfall 55)")
    func videoLimit() throws {
        var player = try SessionPlayer {
            $0.sessionLimit = .seconds(900)
            $0.videoSessionLimit = .seconds(120)
        }
        player.pass(50_000)
        try player.receive(#"{"realtimeInput":{"video":{"mimeType":"image/jpeg","data":"AAAA"}}}"#)
        player.pass(69_999)
        #expect(player.closed == nil)
        player.pass(1)
        #expect(player.closed == .deadlineExpired)
    }

    @Test("a handle holds the session as it was when it was given; what came later is unknown to who resumes with it")
    func snapshot() throws {
        var player = try SessionPlayer(setup: Self.resumable)
        for (question, answer) in [("one", "First."), ("two", "Second.")] {
            try player.receive(typed(question))
            player.say(answer)
            player.pass(5_000)
        }
        #expect(Set(player.kept.keys) == ["c-1", "c-2"])
        let older = try resumed("c-1", of: player).session.conversation.turns.map(\.text)
        let newer = try resumed("c-2", of: player).session.conversation.turns.map(\.text)
        #expect(older == ["one", "First."])
        #expect(newer == ["one", "First.", "two", "Second."])
    }

    @Test("a session resumed by a poisoned handle transcribes and never answers, and poisons its own (pitfall 5)")
    func poisoned() throws {
        var player = try SessionPlayer(setup: Self.resumable) { $0.handles = .poisoned }
        player.pass(200)
        var next = try resumed("c-1", of: player, setup: #""inputAudioTranscription":{}"#)
        next.hear(silence(milliseconds: 300) + voice(milliseconds: 600) + silence(milliseconds: 900))
        next.heard(.words("what time is it"))
        next.pass(10_000)
        #expect(next.news() == ["setupComplete", "inputTranscription", "inputTranscription", "resumable"])
        #expect(next.questions.isEmpty)
        #expect(next.kept["d-1"]?.isPoisoned == true)
    }

    @Test("a share of the handles is poisoned, by the seed")
    func poisonedShare() throws {
        let poisoned = try (0..<200).count { seed in
            var player = try SessionPlayer(setup: Self.resumable) {
                $0.seed = UInt64(seed)
                $0.poisonedShare = 0.25
            }
            player.pass(200)
            return player.kept["c-1"]?.isPoisoned == true
        }
        #expect((30...70).contains(poisoned), "\(poisoned) of 200")
    }

    @Test("withheld handles are updates that say no; expired ones look good and are refused with 1008 (pitfall 8)")
    func withheldAndExpired() throws {
        var withheld = try SessionPlayer(setup: Self.resumable) { $0.handles = .withheld }
        withheld.pass(200)
        #expect(withheld.news() == ["setupComplete", "not resumable"])
        var player = try SessionPlayer(setup: Self.resumable)
        player.pass(200)
        #expect(player.news() == ["setupComplete", "resumable"])
        for action in player.session.give(.expired) { #expect(action == .forget(session: "c")) }
        player.kept = [:]
        try player.receive(typed("hello"))
        player.say()
        player.pass(2_000)
        #expect(player.news().last == "resumable")
        #expect(try resumed("c-2", of: player).closed == .sessionNotFound)
    }

    @Test("swallowed sound is not heard, swallowed answers are not given, a swallowed setup is never answered (17a)")
    func swallowed() throws {
        var player = try SessionPlayer(setup: #""inputAudioTranscription":{}"#)
        player.session.swallow(.audio)
        player.hear(silence(milliseconds: 300) + voice(milliseconds: 600) + silence(milliseconds: 900))
        #expect(player.understood == 0)
        player.session.heal()
        player.session.swallow(.answers)
        try player.receive(typed("hello"))
        player.pass(60_000)
        #expect(player.news() == ["setupComplete"])
        player.session.heal()
        try player.receive(typed("hello"))
        #expect(player.questions == [.words("hello")])
        var session = RehearsalSession(options: .init(), version: "v1beta", connection: "c", now: .zero)
        session.swallow(.setup)
        let setup = try WireDecoder.decode(Array(#"{"setup":{"model":"models/gemini-3.8-live"}}"#.utf8))
        #expect(session.received(setup, now: .zero) == [.note("the setup is swallowed")])
        #expect(session.nextDeadline == nil)
    }

    @Test("a goAway is meant, or not: the one of three hundred seconds came a second into a session (pitfall 1)")
    func goAway() throws {
        var player = try SessionPlayer()
        _ = player.session.goAway(timeLeft: .seconds(300), isMeant: false, now: player.now)
        #expect(player.session.nextDeadline == nil)
        let told = player.session.goAway(timeLeft: .seconds(2), isMeant: true, now: player.now)
        #expect(told == [.send(ServerMessage.goAway(timeLeft: .seconds(2)))])
        player.pass(2_000)
        #expect(player.closed == .deadlineExpired)
    }
}
