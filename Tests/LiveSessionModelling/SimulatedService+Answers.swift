import LiveProtocol

/// What the service makes of what it is asked.
extension SimulatedService {
    /// Something reached the session that wants an answer.
    mutating func asked(on number: Int, now: Duration) {
        guard hears(number), !connections[number].session.isPoisoned, style != .absent else { return }
        if let call = answer?.waitsFor {
            // New input cancels a blocking call that still waits.
            schedule(.event(.toolCallsCancelled(ids: [call])), on: number, at: now)
            interrupt(on: number, now: now)
        }
        if answer?.isUnfinished == true { answer = nil }
        guard answer == nil else { return owesAnswer = true }
        beginSoon(on: number, now: now)
    }

    func hears(_ number: Int) -> Bool { connections[number].phase == .live && !connections[number].isDeaf }

    /// The user began to speak, or something else cuts the answer.
    mutating func interrupt(on number: Int, now: Duration) {
        guard answer != nil else { return }
        owesAnswer = false
        due.removeAll { $0.connection == number && $0.isOfAnswer }
        schedule(.event(.interrupted), on: number, at: now + .milliseconds(10), completesAnswer: true)
        schedule(.event(.turnCompleted(reason: nil)), on: number, at: now + .milliseconds(20))
    }

    mutating func beginSoon(on number: Int, now: Duration) {
        guard !due.contains(where: { $0.connection == number && $0.act == .answerBegins }) else { return }
        schedule(.answerBegins, on: number, at: now + .milliseconds(200))
    }

    mutating func beginAnswer(on number: Int, now: Duration) {
        guard hears(number), answer == nil else { return }
        answer = Answer()
        owesAnswer = false
        guard style != .silent else { return say(.turnCompleted(reason: nil), on: number, at: now, completes: true) }
        say(SimulatedService.noHandle, on: number, at: now)
        speak(on: number, now: now)
    }

    /// The rest of an answer, as its style has it.
    mutating func speak(on number: Int, now: Duration) {
        if style == .thinkingOn { say(.interactionStatus(.inProgress), on: number, at: now) }
        say(.speech(samples: 4800), on: number, at: now + .milliseconds(10))
        say(.transcription(Transcription(speaker: .model, text: "Well.")), on: number, at: now + .milliseconds(20))
        switch style {
        case .unfinished:
            answer?.isUnfinished = true
        case .thinkingOn:
            say(.generationCompleted, on: number, at: now + .milliseconds(200))
            say(.turnCompleted(reason: nil), on: number, at: now + .milliseconds(210))
            say(.speech(samples: 4800), on: number, at: now + .milliseconds(900))
            say(.turnCompleted(reason: nil), on: number, at: now + .milliseconds(990))
            say(.interactionStatus(.idle), on: number, at: now + .milliseconds(1000), completes: true)
        case .complete, .silent, .absent:
            say(.speech(samples: 12_000), on: number, at: now + .milliseconds(100))
            say(.generationCompleted, on: number, at: now + .milliseconds(300), completes: true)
            say(.turnCompleted(reason: nil), on: number, at: now + .milliseconds(400))
        }
    }

    /// The answer has reached the client whole, or was cut for good.
    mutating func answerCompleted(on number: Int, now: Duration) {
        answer = nil
        due.removeAll { $0.connection == number && $0.isOfAnswer && $0.act != SimulatedService.turnCompleted }
        if connections[number].session.calls.isEmpty { offerHandle(on: number, at: now + .milliseconds(450)) }
        if owesAnswer { beginSoon(on: number, now: now + .milliseconds(300)) }
    }

    private static let turnCompleted = Act.event(.turnCompleted(reason: nil))

    mutating func call(isBlocking: Bool, now: Duration) {
        guard let live, hears(live), !connections[live].session.isPoisoned, answer?.waitsFor == nil else { return }
        callCount += 1
        let id = "c\(callCount)"
        connections[live].session.calls.append(id)
        schedule(.event(.toolCalled([ToolCall(id: id, name: "f", arguments: .null)])), on: live, at: now)
        guard isBlocking else { return }
        let isUnderWay = answer != nil
        due.removeAll { $0.connection == live && (($0.isOfAnswer && isUnderWay) || $0.act == .answerBegins) }
        answer = Answer(waitsFor: id)
    }

    mutating func cancelCalls(now: Duration) {
        guard let live, !connections[live].isDeaf, !connections[live].session.calls.isEmpty else { return }
        schedule(.event(.toolCallsCancelled(ids: connections[live].session.calls)), on: live, at: now)
        if answer?.waitsFor != nil { interrupt(on: live, now: now) }
    }

    mutating func receive(_ results: [ToolResult], on number: Int, now: Duration) {
        for result in results {
            guard let index = connections[number].session.calls.firstIndex(where: { $0 == result.id }) else {
                return fail("a result for \(result.id ?? "nothing"), which is not open in this session (pitfall 26)")
            }
            let id = connections[number].session.calls.remove(at: index)
            connections[number].session.answered.append(Answered(call: id, at: now))
            guard !connections[number].session.isPoisoned, style != .absent else { continue }
            if answer?.waitsFor == id {
                answer?.waitsFor = nil
                speak(on: number, now: now + .milliseconds(100))
            } else if answer == nil {
                beginSoon(on: number, now: now)
            }
        }
    }

    /// The user says words; an answer under way is interrupted by them.
    mutating func hear(_ words: String, on number: Int, now: Duration) {
        guard hears(number) else { return }
        interrupt(on: number, now: now)
        schedule(.event(.voiceActivity(.started(at: nil))), on: number, at: now + .milliseconds(25))
        schedule(
            .event(.transcription(Transcription(speaker: .user, text: words))), on: number, at: now + .milliseconds(30))
    }

    /// Says what nobody expects.
    mutating func say(_ oddity: Oddity, now: Duration) {
        guard let live, hears(live) else { return }
        let event: LiveEvent
        switch oddity {
        case .setupCompleted: event = .setupCompleted(sessionID: nil)
        case .emptyHandle: event = .resumption(handle: nil, isResumable: true, lastConsumedMessage: nil)
        case .unknownCancellation: event = .toolCallsCancelled(ids: ["unknown"])
        case .interrupted, .turnCompleted, .generationCompleted, .words:
            guard answer == nil else { return }
            event =
                switch oddity {
                case .interrupted: .interrupted
                case .turnCompleted: .turnCompleted(reason: nil)
                case .generationCompleted: .generationCompleted
                default: .transcription(Transcription(speaker: .model, text: "Hm."))
                }
        }
        schedule(.event(event), on: live, at: now)
    }

    private mutating func say(_ event: LiveEvent, on number: Int, at moment: Duration, completes: Bool = false) {
        schedule(.event(event), on: number, at: moment, isOfAnswer: true, completesAnswer: completes)
    }
}
