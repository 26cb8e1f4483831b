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
        guard !swallowed.contains(.setup) else {
            phase = .mute
            return [.note("the setup is swallowed")]
        }
        guard let handle = request.handle, !handle.isEmpty else {
            return [.begin(session: name)] + accept(request, now: now)
        }
        phase = .resuming(request)
        return [.find(handle: handle)]
    }

    /// The answer to `.find`.
    mutating func resume(_ search: Recollection.Search, now: Duration) -> [Action] {
        guard case .resuming(let request) = phase else { return [] }
        switch search {
        case .unknown: return close(.sessionNotFound)
        case .inUse: return close(.internalError)
        case .found(let kept):
            conversation = kept.conversation
            name = kept.session
            began = now - kept.age
            isPoisoned = kept.isPoisoned
            if isPoisoned { swallowed.insert(.answers) }
            return accept(request, now: now)
        }
    }

    private mutating func accept(_ request: SetupRequest, now: Duration) -> [Action] {
        setup = request
        gate = VoiceGate(request.detection)
        if let instruction = request.systemInstruction { conversation.add(role: "system", text: instruction) }
        began = began ?? now
        limitSession()
        phase = .settingUp(until: now + options.setupDelay)
        return tick(now: now)
    }

    /// Sessions without compression end after some time, those with pictures sooner.
    mutating func limitSession() {
        guard let began, setup?.compressesContext == false else { return deadlines.limitSession(to: nil) }
        let limit = conversation.videoFrames > 0 ? options.videoSessionLimit : options.sessionLimit
        deadlines.limitSession(to: limit.map { began + $0 })
    }

    mutating func completeSetup(now: Duration) -> [Action] {
        phase = setup?.waitsForHistory == true && conversation.turns.isEmpty ? .awaitingHistory : .open
        if setup?.asksForHandles == true { handleDue = now + .milliseconds(100) }
        return [.send(ServerMessage.setupComplete)]
    }

    mutating func issueHandle(now: Duration) -> [Action] {
        handleDue = nil
        guard delivery == nil else { return [] }
        guard handles != .withheld else { return [.send(ServerMessage.resumption(handle: nil))] }
        handleCount += 1
        let handle = "\(handlePrefix)-\(handleCount)"
        let news = Action.send(ServerMessage.resumption(handle: handle))
        guard handles != .expired else { return [news] }
        // No chance is taken when there is none, so that the seed means the same with and without this fault.
        let isSpoiled = options.poisonedShare > 0 && Double.random(in: 0..<1, using: &random) < options.poisonedShare
        let kept = Recollection(
            conversation: conversation, session: name, age: now - (began ?? now),
            isPoisoned: isPoisoned || isSpoiled || handles == .poisoned)
        return [.keep(kept, handle: handle), news]
    }
}
