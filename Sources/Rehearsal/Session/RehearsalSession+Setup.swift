/// The first message, and the handles that bring a conversation back.
extension RehearsalSession {
    mutating func begin(_ request: SetupRequest, now: Duration) -> [Action] {
        do throws(Refusal) {
            rules = try request.check(version: version)
        } catch {
            return close(error)
        }
        guard rules != nil else {
            phase = .mute
            return [.note("the setup names an option that \(request.model) does not know: it is never answered")]
        }
        guard let handle = request.handle, !handle.isEmpty else { return accept(request, now: now) }
        phase = .resuming(request)
        return [.find(handle: handle)]
    }

    /// The answer to `.find`: the conversation under the handle, or nil when there is none (any more).
    mutating func resume(_ kept: Conversation?, now: Duration) -> [Action] {
        guard case .resuming(let request) = phase else { return [] }
        guard let kept else { return close(.sessionNotFound) }
        conversation = kept
        return accept(request, now: now)
    }

    mutating func accept(_ request: SetupRequest, now: Duration) -> [Action] {
        setup = request
        gate = VoiceGate(request.detection)
        if let instruction = request.systemInstruction { conversation.add(role: "system", text: instruction) }
        phase = .settingUp(until: now + options.setupDelay)
        return tick(now: now)
    }

    mutating func completeSetup(now: Duration) -> [Action] {
        phase = setup?.waitsForHistory == true && conversation.turns.isEmpty ? .awaitingHistory : .open
        if setup?.asksForHandles == true { handleDue = now + .milliseconds(100) }
        return [.send(ServerMessage.setupComplete)]
    }

    mutating func issueHandle() -> [Action] {
        handleDue = nil
        guard delivery == nil else { return [] }
        handleCount += 1
        let handle = "\(handlePrefix)-\(handleCount)"
        return [.keep(conversation, handle: handle), .send(ServerMessage.resumption(handle: handle))]
    }
}
