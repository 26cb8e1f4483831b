import Testing

@testable import Rehearsal

/// Plays a session by hand: what it sends, in the names of the protocol's members.
struct SessionPlayer {
    var session: RehearsalSession
    var now = Duration.zero
    var sent: [String] = []
    var questions: [RehearsalSession.Prompt] = []
    var answers: [Int] = []
    var closed: Refusal?
    var understood = 0
    var kept: [String: Recollection] = [:]

    init(
        setup members: String = "", model: String = "gemini-3.8-live",
        _ change: (inout RehearsalSession.Options) -> Void = { _ in }
    ) throws {
        var options = RehearsalSession.Options()
        options.burst = .unbounded
        options.hasLateTranscripts = false
        change(&options)
        session = RehearsalSession(options: options, version: "v1beta", connection: "c", now: .zero)
        try receive(#"{"setup":{"model":"models/\#(model)"\#(members.isEmpty ? "" : ","+members)}}"#)
    }

    mutating func receive(_ text: String) throws {
        perform(session.received(try WireDecoder.decode(Array(text.utf8)), now: now))
    }

    mutating func hear(_ samples: [Int16]) {
        for start in stride(from: 0, to: samples.count, by: 320) {
            let block = Array(samples[start..<min(start + 320, samples.count)])
            perform(session.received(.audio(ClientMessage.PCM(samples: block, rate: 16_000)), now: now))
        }
    }

    mutating func heard(_ hearing: Hearing) { perform(session.heard(hearing, now: now)) }

    /// Gives the newest answer a sentence of so many milliseconds, and its end.
    mutating func say(_ text: String = "Yes.", milliseconds: Int = 1_000) {
        let samples = [Int16](repeating: 1, count: milliseconds * 24)
        let sentence = AnswerDelivery.Sentence(text: text, samples: samples, words: [.init(text: text, start: 0)])
        perform(session.say(sentence, answer: answers.last ?? 0, now: now))
        perform(session.finishSaying(answer: answers.last ?? 0, now: now))
    }

    mutating func call(_ name: String) -> Bool {
        let (actions, isWaiting) = session.call([(name: name, arguments: [:])], answer: answers.last ?? 0, now: now)
        perform(actions)
        return isWaiting
    }

    mutating func pass(_ milliseconds: Int) {
        let end = now + .milliseconds(milliseconds)
        while let due = session.nextDeadline, due <= end {
            now = max(now, due)
            perform(session.tick(now: now))
        }
        now = end
    }

    /// What was sent since last asked; speech counts once, however many messages it took.
    mutating func news() -> [String] {
        defer { sent = [] }
        return sent.enumerated().filter { $0.offset == 0 || $0.element != "speech" || sent[$0.offset - 1] != "speech" }
            .map(\.element)
    }

    private mutating func perform(_ actions: [RehearsalSession.Action]) {
        for action in actions {
            switch action {
            case .send(let message): sent += Self.names(in: message)
            case .close(let refusal): closed = refusal
            case .understand: understood += 1
            case .answer(let prompt, let answer):
                questions.append(prompt)
                answers.append(answer)
            case .find(let handle):
                perform(session.resume(kept[handle].map { .found($0) } ?? .unknown, now: now))
            case .keep(let recollection, let handle): kept[handle] = recollection
            case .forget(let name): kept = kept.filter { $0.value.session != name }
            case .begin, .hear, .note: break
            }
        }
    }

    private static func names(in message: JSON) -> [String] {
        (message.members ?? []).flatMap { member -> [String] in
            switch member.name {
            case "usageMetadata": []
            case "sessionResumptionUpdate": [member.value["resumable"]?.bool == true ? "resumable" : "not resumable"]
            case "serverContent":
                (member.value.members ?? []).filter { $0.name != "outputTranscription" }.map {
                    $0.name == "modelTurn" ? "speech" : $0.name
                }
            default: [member.name]
            }
        }
    }
}

@Suite("The session's rules", .timeLimit(.minutes(5)))
struct SessionTests {
    @Test(
        "a spoken question: end of speech, transcript, speech, generationComplete, and turnComplete only when it is played out"
    )
    func spokenQuestion() throws {
        var player = try SessionPlayer(setup: #""inputAudioTranscription":{}"#)
        player.hear(silence(milliseconds: 300) + voice(milliseconds: 600) + silence(milliseconds: 600))
        #expect(player.understood == 0)
        player.hear(silence(milliseconds: 200))
        #expect(player.understood == 1)
        player.heard(.words("what time is it"))
        #expect(player.questions == [.words("what time is it")])
        player.say(milliseconds: 2_000)
        let news1 = player.news()
        #expect(
            news1
                == ["setupComplete", "inputTranscription", "inputTranscription", "speech", "generationComplete"])
        player.pass(1_990)
        let news2 = player.news()
        #expect(news2 == [])
        player.pass(20)
        let news3 = player.news()
        #expect(news3 == ["turnComplete"])
    }

    @Test("speech during an answer interrupts it: interrupted, turnComplete, no generationComplete (rules 4 and 11)")
    func bargeIn() throws {
        var player = try SessionPlayer { $0.burst = .factor(2) }
        try player.receive(#"{"realtimeInput":{"text":"tell me a story"}}"#)
        player.say(milliseconds: 10_000)
        player.pass(1_000)
        player.hear(voice(milliseconds: 40))
        let news4 = player.news()
        #expect(news4 == ["setupComplete", "speech"])  // too short to be somebody speaking
        player.hear(voice(milliseconds: 40))
        let news5 = player.news()
        #expect(news5 == ["interrupted", "turnComplete"])
        player.pass(10_000)
        let news6 = player.news()
        #expect(news6 == [])
    }

    @Test("speech after generationComplete but before turnComplete interrupts too (rule 5)")
    func lateBargeIn() throws {
        var player = try SessionPlayer()
        try player.receive(#"{"realtimeInput":{"text":"tell me a story"}}"#)
        player.say(milliseconds: 10_000)
        player.pass(3_000)
        player.hear(voice(milliseconds: 100))
        let news7 = player.news()
        #expect(news7 == ["setupComplete", "speech", "generationComplete", "interrupted", "turnComplete"])
    }

    @Test("with NO_INTERRUPTION the answer is finished, and what was said meanwhile answered after it (rule 12)")
    func noInterruption() throws {
        var player = try SessionPlayer(setup: #""realtimeInputConfig":{"activityHandling":"NO_INTERRUPTION"}"#)
        try player.receive(#"{"realtimeInput":{"text":"tell me a story"}}"#)
        player.say(milliseconds: 5_000)
        player.hear(voice(milliseconds: 500) + silence(milliseconds: 800))
        player.heard(.words("stop"))
        #expect(player.questions.count == 1)
        player.pass(5_001)
        let news8 = player.news()
        #expect(news8 == ["setupComplete", "speech", "generationComplete", "turnComplete"])
        #expect(player.questions.last == .words("stop"))
    }

    @Test("push to talk: the marks alone start and end an utterance, and activityStart interrupts (rule 11)")
    func pushToTalk() throws {
        let manual = #""realtimeInputConfig":{"automaticActivityDetection":{"disabled":true}}"#
        var player = try SessionPlayer(setup: manual)
        try player.receive(#"{"realtimeInput":{"activityStart":{}}}"#)
        player.hear(voice(milliseconds: 500) + silence(milliseconds: 3_000))
        #expect(player.understood == 0)
        try player.receive(#"{"realtimeInput":{"activityEnd":{}}}"#)
        #expect(player.understood == 1)
        player.heard(.words("tell me a story"))
        player.say(milliseconds: 5_000)
        try player.receive(#"{"realtimeInput":{"activityStart":{}}}"#)
        let news9 = player.news()
        #expect(news9.suffix(2) == ["interrupted", "turnComplete"])
    }

    @Test(
        "marks and detection exclude each other, with 1007 (pitfall 20)",
        arguments: [
            (false, #"{"realtimeInput":{"activityStart":{}}}"#), (false, #"{"realtimeInput":{"activityEnd":{}}}"#),
            (true, #"{"realtimeInput":{"audioStreamEnd":true}}"#),
            (true, #"{"realtimeInput":{"audio":{"mimeType":"audio/pcm","data":"AAE="}}}"#),
        ])
    func activityMisuse(isManual: Bool, message: String) throws {
        let manual = #""realtimeInputConfig":{"automaticActivityDetection":{"disabled":true}}"#
        var player = try SessionPlayer(setup: isManual ? manual : "")
        try player.receive(message)
        #expect(player.closed?.code == 1007)
    }

    @Test("audioStreamEnd ends the utterance at once (pitfall 34)")
    func streamEnd() throws {
        var player = try SessionPlayer()
        player.hear(voice(milliseconds: 500))
        #expect(player.understood == 0)
        try player.receive(#"{"realtimeInput":{"audioStreamEnd":true}}"#)
        #expect(player.understood == 1)
    }

    @Test("a sentence continued after a pause is one question (pitfall 33)")
    func pauseInside() throws {
        var player = try SessionPlayer()
        player.hear(voice(milliseconds: 400) + silence(milliseconds: 800) + voice(milliseconds: 400))
        player.heard(.words("what is"))
        #expect(player.questions.isEmpty)
        player.hear(silence(milliseconds: 800))
        player.heard(.words("two plus two"))
        #expect(player.questions == [.words("what is two plus two")])
    }

    @Test("sounds that are no speech get no answer, speech that is not understood gets one")
    func noiseAndUnclear() throws {
        var player = try SessionPlayer()
        player.hear(voice(milliseconds: 400) + silence(milliseconds: 800))
        player.heard(.nothing)
        #expect(player.questions.isEmpty)
        player.hear(voice(milliseconds: 400) + silence(milliseconds: 800))
        player.heard(.unclear)
        #expect(player.questions == [.unclear])
    }

    @Test("late transcripts of the user come after the answer has begun, or after its end (rule 8)")
    func lateTranscripts() throws {
        var places: Set<String> = []
        for seed in 1...40 as ClosedRange<UInt64> {
            var player = try SessionPlayer(setup: #""inputAudioTranscription":{}"#) {
                $0.hasLateTranscripts = true
                $0.seed = seed
            }
            player.hear(voice(milliseconds: 500) + silence(milliseconds: 800))
            player.heard(.words("what time is it"))
            player.say()
            player.pass(1_100)
            places.insert(player.news().dropFirst().joined(separator: " "))
        }
        #expect(
            places == [
                "inputTranscription inputTranscription speech generationComplete turnComplete",
                "inputTranscription speech inputTranscription speech generationComplete turnComplete",
                "inputTranscription speech generationComplete turnComplete inputTranscription",
            ])
    }

    @Test("clientContent with turnComplete asks, without it stops the answer")
    func clientContent() throws {
        var player = try SessionPlayer()
        try player.receive(
            #"{"client_content":{"turns":[{"role":"user","parts":[{"text":"how are you"}]}],"turn_complete":true}}"#)
        #expect(player.questions == [.words("how are you")])
        player.say(milliseconds: 5_000)
        try player.receive(#"{"clientContent":{"turnComplete":false}}"#)
        let news10 = player.news()
        #expect(news10 == ["setupComplete", "speech", "generationComplete", "interrupted", "turnComplete"])
        #expect(player.questions.count == 1)
    }

    @Test("initial history is awaited, remembered and not answered (pitfall 56)")
    func history() throws {
        var player = try SessionPlayer(setup: #""historyConfig":{"initialHistoryInClientContent":true}"#)
        try player.receive(#"{"realtimeInput":{"text":"hello"}}"#)
        try player.receive(
            #"{"clientContent":{"turns":[{"role":"user","parts":[{"text":"I am Ada."}]}],"turnComplete":true}}"#)
        #expect(player.questions.isEmpty)
        #expect(player.session.conversation.lastQuestion == "I am Ada.")
        try player.receive(#"{"realtimeInput":{"text":"hello"}}"#)
        #expect(player.questions.count == 1)
    }

    @Test("handles: none while generating, a new one after each turn, each holding the conversation (rule 13)")
    func handles() throws {
        var player = try SessionPlayer(setup: #""sessionResumption":{}"#)
        player.pass(200)
        let news11 = player.news()
        #expect(news11 == ["setupComplete", "resumable"])
        try player.receive(#"{"realtimeInput":{"text":"hello"}}"#)
        player.say("Hello.")
        player.pass(1_100)
        let news12 = player.news()
        #expect(news12 == ["not resumable", "speech", "generationComplete", "turnComplete", "resumable"])
        #expect(player.kept["c-2"]?.conversation.lastAnswer == "Hello.")
    }

    @Test("the time limit: goAway with what is left, then 1011 (pitfalls 1 and 2)")
    func timeLimit() throws {
        var player = try SessionPlayer {
            $0.connectionLimit = .seconds(10)
            $0.goAwayBefore = .seconds(4)
        }
        player.pass(5_999)
        let news13 = player.news()
        #expect(news13 == ["setupComplete"])
        player.pass(2)
        let news14 = player.news()
        #expect(news14 == ["goAway"])
        player.pass(4_000)
        #expect(player.closed == .deadlineExpired)
        #expect(player.session.nextDeadline == nil)
    }

    @Test("an option that the model does not know leaves the setup unanswered for ever (pitfall 17a)")
    func swallowedSetup() throws {
        var player = try SessionPlayer(
            setup: #""proactivity":{"proactiveAudio":true}"#, model: "gemini-3.1-flash-live-preview")
        try player.receive(#"{"realtimeInput":{"text":"hello"}}"#)
        player.pass(60_000)
        let news15 = player.news()
        #expect(news15 == [])
        #expect(player.closed == nil)
    }

    @Test("what comes before setupComplete is lost (pitfall 19)")
    func tooEarly() throws {
        var player = try SessionPlayer { $0.setupDelay = .seconds(3) }
        try player.receive(#"{"realtimeInput":{"text":"hello"}}"#)
        player.pass(3_000)
        let news16 = player.news()
        #expect(news16 == ["setupComplete"])
        #expect(player.questions.isEmpty)
    }

    @Test("a second setup closes with 1007")
    func secondSetup() throws {
        var player = try SessionPlayer()
        try player.receive(#"{"setup":{"model":"models/gemini-3.8-live"}}"#)
        #expect(player.closed?.code == 1007)
    }

    // MARK: Tools

    private static func light(_ behavior: String) -> String {
        #""tools":[{"functionDeclarations":[{"name":"set_light"\#(behavior)}]}]"#
    }

    @Test("a blocking call holds the answer until its result, then goes on in the same turn (rule 9)")
    func blockingCall() throws {
        var player = try SessionPlayer(setup: Self.light(#","behavior":"BLOCKING""#))
        try player.receive(#"{"realtimeInput":{"text":"turn on the light"}}"#)
        let isWaiting = player.call("set_light")
        #expect(isWaiting)
        player.pass(60_000)
        let news17 = player.news()
        #expect(news17 == ["setupComplete", "toolCall"])
        try player.receive(
            #"{"tool_response":{"function_responses":[{"id":"function-call-c-1","name":"set_light","response":{"output":1}}]}}"#
        )
        #expect(player.questions.last == .results([.init(name: "set_light", response: ["output": 1])]))
        player.say()
        player.pass(1_100)
        let news18 = player.news()
        #expect(news18 == ["speech", "generationComplete", "turnComplete"])
    }

    @Test(
        "a barge-in cancels a blocking call, in so many words before 3.8 and silently on it (rule 7)",
        arguments: [
            ("gemini-3.1-flash-live-preview", ["toolCallCancellation", "interrupted", "turnComplete"]),
            ("gemini-3.8-live", ["interrupted", "turnComplete"]),
        ])
    func cancelledCall(model: String, expected: [String]) throws {
        var player = try SessionPlayer(setup: Self.light(#","behavior":"BLOCKING""#), model: model)
        try player.receive(#"{"realtimeInput":{"text":"turn on the light"}}"#)
        let isWaiting = player.call("set_light")
        #expect(isWaiting)
        _ = player.news()
        player.hear(voice(milliseconds: 200))
        let news19 = player.news()
        #expect(news19 == expected)
        let questions = player.questions.count
        try player.receive(
            #"{"toolResponse":{"functionResponses":[{"id":"function-call-c-1","response":{}}]}}"#)
        #expect(player.questions.count == questions)
    }

    @Test(
        "the result of a non-blocking call is spoken when idle, at once, or never, as scheduled",
        arguments: [
            ("SILENT", ["generationComplete", "turnComplete"], 1),
            ("WHEN_IDLE", ["generationComplete", "turnComplete"], 2),
            ("INTERRUPT", ["generationComplete", "interrupted", "turnComplete"], 2),
        ])
    func scheduling(scheduling: String, order: [String], asked: Int) throws {
        var player = try SessionPlayer(setup: Self.light(""))
        try player.receive(#"{"realtimeInput":{"text":"turn on the light"}}"#)
        let isWaiting = player.call("set_light")
        #expect(!isWaiting)
        player.say("One moment.", milliseconds: 2_000)
        try player.receive(
            #"{"toolResponse":{"functionResponses":[{"id":"function-call-c-1","name":"set_light","response":{"output":"on"},"scheduling":"\#(scheduling)"}]}}"#
        )
        player.pass(3_000)
        let news20 = player.news()
        #expect(news20 == ["setupComplete", "toolCall", "speech"] + order)
        #expect(player.questions.count == asked)
    }

    @Test("willContinue keeps a call open; the last response ends it, and may be empty")
    func willContinue() throws {
        var player = try SessionPlayer(setup: Self.light(""))
        try player.receive(#"{"realtimeInput":{"text":"turn on the light"}}"#)
        let isWaiting = player.call("set_light")
        #expect(!isWaiting)
        player.say()
        player.pass(1_100)
        let start = #"{"toolResponse":{"functionResponses":[{"id":"function-call-c-1","name":"set_light","#
        try player.receive(start + #""response":{"output":"warming up"},"willContinue":true}]}}"#)
        #expect(player.questions.count == 1)
        try player.receive(start + #""response":{}}]}}"#)
        #expect(player.questions.last == .results([.init(name: "set_light", response: ["output": "warming up"])]))
    }

    @Test("the extended-thinking model says IN_PROGRESS while a call is open, then IDLE (rule 10)")
    func interactionStatus() throws {
        var session = RehearsalSession(options: .init(), version: "v1", connection: "c", now: .zero)
        let setup = #"{"setup":{"model":"models/gemini-3.8-live-extended-thinking",\#(Self.light(""))}}"#
        _ = session.received(try WireDecoder.decode(Array(setup.utf8)), now: .zero)
        _ = session.received(.text("turn on the light"), now: .zero)
        _ = session.call([(name: "set_light", arguments: [:])], answer: 1, now: .zero)
        #expect(Self.status(session.finishSaying(answer: 1, now: .zero)) == "IN_PROGRESS")
        let response = ClientMessage.FunctionResponse(
            id: "function-call-c-1", name: nil, response: ["output": "on"], scheduling: nil, willContinue: false)
        _ = session.received(.toolResponse([response]), now: .zero)
        #expect(Self.status(session.finishSaying(answer: 2, now: .zero)) == "IDLE")
    }

    private static func status(_ actions: [RehearsalSession.Action]) -> String? {
        for case .send(let message) in actions {
            if let status = message["serverContent"]?["interactionStatus"]?.string { return status }
        }
        return nil
    }
}
