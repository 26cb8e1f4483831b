/// Answers, from the question to the end of the turn.
extension RehearsalSession {
    mutating func ask(_ prompt: Prompt, now: Duration) -> [Action] {
        guard !swallowed.contains(.answers) else { return [] }
        guard delivery == nil else {
            prompts.append(prompt)
            return []
        }
        answerCount += 1
        delivery = AnswerDelivery(
            id: answerCount, burst: options.burst, chunkMilliseconds: options.chunkMilliseconds,
            combinesMembers: rules?.combinesMembers ?? false)
        handleDue = nil
        var actions: [Action] = []
        // While something is being generated there is nothing to resume from (rule 13).
        if setup?.asksForHandles == true { actions.append(.send(ServerMessage.resumption(handle: nil))) }
        return actions + [.answer(prompt, answer: answerCount)]
    }

    /// A sentence of the answer is ready. Of an answer that was interrupted meanwhile, nothing is sent.
    mutating func say(_ sentence: AnswerDelivery.Sentence, answer: Int, now: Duration) -> [Action] {
        guard delivery?.id == answer else { return [] }
        delivery?.add(sentence, now: now, random: &random)
        return tick(now: now)
    }

    /// The answer has no more sentences.
    mutating func finishSaying(answer: Int, now: Duration) -> [Action] {
        guard delivery?.id == answer else { return [] }
        delivery?.complete()
        return tick(now: now)
    }

    /// Stops the answer under way, if any: `interrupted`, then `turnComplete`, never `generationComplete` (rule 4).
    mutating func interrupt(now: Duration) -> [Action] {
        guard let interrupted = delivery else { return [] }
        var actions: [Action] = []
        let cancelled = calls.filter(\.isBlocking).map(\.call.id)
        calls.removeAll(where: \.isBlocking)
        // 3.8 cancels pending calls without saying so (rule 7).
        if !cancelled.isEmpty, rules?.tools == .blocking {
            actions.append(.send(ServerMessage.toolCallCancellation(cancelled)))
        }
        actions.append(.send(ServerMessage.interrupted))
        return actions + endTurn(interrupted, now: now)
    }

    mutating func endTurn(_ ended: AnswerDelivery, now: Duration) -> [Action] {
        // The memory is of what was sent, whether or not it was heard (rule 6).
        conversation.add(role: "model", text: ended.sentText.trimmingSpaces)
        var actions: [Action] = [.send(turnComplete(of: ended))]
        delivery = nil
        turnCompleteDue = nil
        actions += flushTranscript()
        if setup?.asksForHandles == true { handleDue = now }
        return actions
    }

    func turnComplete(of ended: AnswerDelivery?) -> JSON {
        let isSpoken = rules?.output != .text
        let usage = conversation.usage(
            responseMilliseconds: ended?.sentMilliseconds ?? 0, responseText: ended?.sentText ?? "", isSpoken: isSpoken)
        let status = rules?.reportsInteraction == true ? (calls.isEmpty ? "IDLE" : "IN_PROGRESS") : nil
        return ServerMessage.turnComplete(usage: usage, interactionStatus: status)
    }

    mutating func deliver(now: Duration) -> [Action] {
        var actions: [Action] = []
        while let item = delivery?.next(now: now) {
            switch item {
            case .speech(let samples, let transcript):
                let words = setup?.transcribesOutput == true ? transcript : nil
                actions.append(.send(ServerMessage.speech(samples, transcript: words)))
                if let late = lateTranscript, !late.waitsForTurnEnd { actions += flushTranscript() }
            case .text(let text): actions.append(.send(ServerMessage.text(text)))
            case .transcript(let text):
                if setup?.transcribesOutput == true { actions.append(.send(ServerMessage.outputTranscription(text))) }
            }
        }
        guard let ended = delivery, ended.isComplete, ended.isEmpty else { return actions }
        guard let due = turnCompleteDue else {
            actions.append(.send(ServerMessage.generationComplete))
            turnCompleteDue = ended.playbackEnd(now: now)
            return actions + deliver(now: now)
        }
        return due <= now ? actions + endTurn(ended, now: now) : actions
    }
}
