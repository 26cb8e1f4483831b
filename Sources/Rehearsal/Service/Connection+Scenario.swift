import FlyingFox
import Foundation

/// Following a scenario: the steps run beside the connection, and until `behave` in place of the session.
extension Connection {
    /// A step that could not be done.
    private struct Failed: Error {
        let reason: String
    }

    /// Does the steps one after the other; a step that fails closes the connection with 1011 and says which line.
    func play(_ steps: [Scenario.Step]) async {
        defer { isWatched = false }
        for step in steps {
            do throws(Failed) {
                try await perform(step)
            } catch {
                shared.configuration.report("connection \(number): scenario line \(step.line): \(error.reason)")
                log("failed", ("line", .number(Double(step.line))), ("reason", .string(error.reason)))
                close(Refusal(code: 1011, reason: "scenario line \(step.line): \(error.reason)"))
                return
            }
        }
    }

    private func perform(_ step: Scenario.Step) async throws(Failed) {
        switch step.kind {
        case .expect(let expectation, let timeout): try await wait(for: expectation, timeout: timeout)
        case .expectNothing(let time):
            if let message = await nextMessage(within: time) { throw Failed(reason: "\(message.kind) came too early") }
        case .say(let text): try await say(text)
        case .send(let message, let asText): send(message, asText: asText)
        case .sendBytes(let bytes, let asText): send(bytes, asText: asText)
        case .wait(let time): try? await clock.sleep(for: time)
        case .behave: behave()
        case .close(let code, let reason): close(Refusal(code: code, reason: reason))
        case .drop: end()
        case .fault(let fault): suffer(fault)
        }
    }

    /// Takes the oldest message that no step has looked at, or waits for the next; nil when none comes in time.
    func nextMessage(within time: Duration) async -> ClientMessage? {
        let deadline = clock.now + time
        feed.yield(.ring(at: deadline))
        var rings = bells.makeAsyncIterator()
        while unseen.isEmpty {
            guard clock.now < deadline, await rings.next() != nil else { return nil }
        }
        return unseen.removeFirst()
    }

    func behave() {
        isBehaving = true
        if let setup = exchange(&heldSetup, with: nil) { perform(session.received(setup, now: now)) }
    }

    private func wait(for expectation: Scenario.Expectation, timeout: Duration) async throws(Failed) {
        let deadline = clock.now + timeout
        var heard = Duration.zero
        while let message = await nextMessage(within: clock.now.duration(to: deadline)) {
            switch expectation {
            case .kind(let kind): if message.kind == kind { return }
            case .text(let words): if message.words.localizedCaseInsensitiveContains(words) { return }
            case .audio(let wanted):
                guard case .audio(let pcm) = message else { continue }
                heard += .microseconds(pcm.samples.count * 1_000_000 / pcm.rate)
                if heard >= wanted { return }
            }
        }
        throw Failed(reason: "waited \(timeout.milliseconds) ms in vain for \(expectation.name)")
    }

    private func say(_ text: String) async throws(Failed) {
        let spoken: AnswerDelivery.Sentence
        do {
            spoken = try await speak(text, as: nil)
        } catch {
            throw Failed(reason: error.description)
        }
        send(ServerMessage.outputTranscription(text))
        let chunk = Voice.rate / 10
        for start in stride(from: 0, to: spoken.samples.count, by: chunk) {
            let samples = spoken.samples[start..<min(start + chunk, spoken.samples.count)]
            send(ServerMessage.speech(samples, transcript: nil))
        }
        send(ServerMessage.generationComplete)
        let usage = Conversation().usage(
            responseMilliseconds: spoken.samples.count * 1_000 / Voice.rate, responseText: text, isSpoken: true)
        send(ServerMessage.turnComplete(usage: usage, interactionStatus: nil))
    }
}

extension ClientMessage {
    /// The text in it, if it is a message with text.
    fileprivate var words: String {
        switch self {
        case .text(let text): text
        case .clientContent(let content): content.turns.map(\.text).joined(separator: " ")
        default: ""
        }
    }
}

extension Scenario.Expectation {
    fileprivate var name: String {
        switch self {
        case .kind(let kind): kind
        case .text(let words): "the text \"\(words)\""
        case .audio(let time): "\(time.milliseconds) ms of audio"
        }
    }
}
