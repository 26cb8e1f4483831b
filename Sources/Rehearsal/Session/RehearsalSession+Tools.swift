/// The calls of an answer, and their results.
extension RehearsalSession {
    /// The answer calls functions first. A blocking call holds the rest of the answer back (rule 9).
    /// - Returns: false with the actions when the answer goes on at once.
    mutating func call(
        _ requests: [(name: String, arguments: JSON)], answer: Int, now: Duration
    ) -> (actions: [Action], isWaiting: Bool) {
        guard delivery?.id == answer, !requests.isEmpty else { return ([], false) }
        let made = requests.map { request -> OpenCall in
            callCount += 1
            let declared = setup?.functions.first { $0.name == request.name }?.isBlocking
            let isBlocking = declared ?? (rules?.tools == .blocking)
            let call = FunctionCall(
                id: "function-call-\(handlePrefix)-\(callCount)", name: request.name, arguments: request.arguments)
            return OpenCall(call: call, isBlocking: isBlocking)
        }
        calls += made
        return ([.send(ServerMessage.toolCall(made.map(\.call)))], made.contains(where: \.isBlocking))
    }

    mutating func received(_ responses: [ClientMessage.FunctionResponse], now: Duration) -> [Action] {
        var actions: [Action] = []
        var spoken: [Prompt.Result] = []
        var isUrgent = false
        for response in responses {
            guard let index = calls.firstIndex(where: { $0.call.id == response.id }) else {
                // What the real service does with these is not documented.
                actions.append(.note("a response to no open call: \(response.id ?? "no id")"))
                continue
            }
            calls[index].results.append(response.response)
            guard !response.willContinue else { continue }
            let call = calls.remove(at: index)
            let isEmptyEnd = response.response.members?.isEmpty == true && call.results.count > 1
            let result = isEmptyEnd ? call.results[call.results.count - 2] : response.response
            conversation.add(
                role: "function", text: "\(call.call.name) \(String(decoding: JSONWriter.write(result), as: UTF8.self))"
            )
            if !call.isBlocking && response.scheduling == .silent { continue }
            spoken.append(Prompt.Result(name: call.call.name, response: result))
            if !call.isBlocking && response.scheduling == .interrupt && !isUserSpeaking { isUrgent = true }
        }
        guard !spoken.isEmpty else { return actions }
        let isHeldBack = delivery.map { !$0.isComplete && $0.isEmpty } ?? false
        if isHeldBack, let delivery, !calls.contains(where: \.isBlocking) {
            return actions + [.answer(.results(spoken), answer: delivery.id)]
        }
        if isUrgent { actions += interrupt(now: now) }
        return actions + ask(.results(spoken), now: now)
    }
}
