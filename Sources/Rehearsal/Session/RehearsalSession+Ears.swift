/// What the user says: from sound to a question.
extension RehearsalSession {
    mutating func hear(_ pcm: ClientMessage.PCM, isManual: Bool, now: Duration) -> [Action] {
        if isManual && !isUserSpeaking { return close(.invalidArgument) }  // push-to-talk sound outside of its marks
        if converter?.rate != pcm.rate { converter = (pcm.rate, RateConverter(from: pcm.rate, to: VoiceGate.rate)) }
        let samples = converter?.converter.convert(pcm.samples) ?? []
        conversation.addSound(samples: samples.count)
        if isManual { return [.hear(samples, utterance: utterance)] }
        let wasSpeaking = isUserSpeaking
        let edges = gate.hear(samples)
        // A block is heard whole by every utterance it touches; a few silent samples more do no harm.
        var actions: [Action] = wasSpeaking ? [.hear(samples, utterance: utterance)] : []
        recent += samples
        for edge in edges { actions += handle(edge, now: now) }
        if recent.count > Self.preroll + VoiceGate.rate { recent.removeFirst(recent.count - Self.preroll) }
        return actions
    }

    mutating func handle(_ edge: VoiceGate.Edge, now: Duration) -> [Action] {
        switch edge {
        case .started(let offset):
            let wanted = gate.position - offset + Self.preroll
            return signal(isStart: true, offset: offset) + startUtterance(preroll: recent.suffix(wanted), now: now)
        case .ended(let offset):
            return signal(isStart: false, offset: offset) + endUtterance()
        }
    }

    func signal(isStart: Bool, offset: Int) -> [Action] {
        guard setup?.signalsActivity == true else { return [] }
        let time = Duration.milliseconds(offset / (VoiceGate.rate / 1_000))
        return [.send(ServerMessage.voiceActivity(isStart: isStart, offset: time))]
    }

    mutating func startUtterance(preroll: some Sequence<Int16>, now: Duration) -> [Action] {
        utterance += 1
        isUserSpeaking = true
        let actions = setup?.neverInterrupts == true ? [] : interrupt(now: now)
        return actions + [.hear(Array(preroll), utterance: utterance)]
    }

    mutating func endUtterance() -> [Action] {
        isUserSpeaking = false
        utterancesAtWork += 1
        return [.understand(utterance: utterance)]
    }

    /// What the ears made of an utterance.
    mutating func heard(_ hearing: Hearing, now: Duration) -> [Action] {
        guard phase == .open else { return [] }
        utterancesAtWork = max(0, utterancesAtWork - 1)
        var actions: [Action] = []
        if case .words(let text) = hearing {
            conversation.add(role: "user", text: text)
            actions = transcribe(text)
            wordsInWaiting += wordsInWaiting.isEmpty ? text : " \(text)"
        }
        if rules?.onlyTranscribes == true {
            wordsInWaiting = ""
            return actions + [.send(turnComplete(of: nil))]
        }
        // Somebody who goes on speaking after a pause has not finished the sentence.
        if isUserSpeaking || utterancesAtWork > 0 { return actions }
        let words = wordsInWaiting
        wordsInWaiting = ""
        if !words.isEmpty { return actions + ask(.words(words), now: now) }
        return hearing == .unclear ? ask(.unclear, now: now) : []
    }

    /// Sends the user's words as fragments, none of them marked as finished; the last may have to wait (rule 8).
    mutating func transcribe(_ text: String) -> [Action] {
        guard setup?.transcribesInput == true else { return [] }
        var actions = flushTranscript()
        let words = text.split(separator: " ")
        let split = words.count > 1 ? Int.random(in: 1..<words.count, using: &random) : 1
        let head = words[..<split].joined(separator: " ")
        let tail = words[split...].joined(separator: " ")
        actions.append(.send(ServerMessage.inputTranscription(tail.isEmpty ? head : head + " ")))
        guard !tail.isEmpty else { return actions }
        let chance = Int.random(in: 0..<8, using: &random)
        if options.hasLateTranscripts, chance < 4 {
            lateTranscript = (tail, waitsForTurnEnd: chance == 0)
        } else {
            actions.append(.send(ServerMessage.inputTranscription(tail)))
        }
        return actions
    }

    mutating func flushTranscript() -> [Action] {
        guard let late = lateTranscript else { return [] }
        lateTranscript = nil
        return [.send(ServerMessage.inputTranscription(late.text))]
    }
}
