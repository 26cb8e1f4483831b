import FlyingFox
import Foundation

/// One client's connection: does what its session answers, and tells the session what happens.
actor Connection {
    enum Effect: Sendable {
        case wake(at: ContinuousClock.Instant)
        case answer(RehearsalSession.Prompt, number: Int)
        case closeLater
        case play([Scenario.Step])
        /// Rings the bell that a waiting scenario listens for.
        case ring(at: ContinuousClock.Instant)
    }

    enum Sound: Sendable {
        case hear([Int16])
        case understand
    }

    nonisolated let outbox = Outbox()
    let frames: AsyncThrowingStream<WSFrame, any Error>
    let number: Int
    let shared: Shared
    let clock = ContinuousClock()
    let started: ContinuousClock.Instant
    var session: RehearsalSession
    var answerer: Answerer
    var encoder: WireEncoder
    var savedInput: SavedInput
    var wakesAt: ContinuousClock.Instant?
    var isClosing = false

    /// False while a scenario answers in place of the session.
    var isBehaving: Bool
    var heldSetup: ClientMessage?
    /// Whether a scenario wants to see what arrives; set by its player.
    var isWatched: Bool
    /// What the scenario has not looked at yet.
    var unseen: [ClientMessage] = []
    // Bound: one ring, which says no more than "look again".
    let (bells, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    // Bounds: an effect is a timer or an answer, of which there are a few at a time; sound is at most two minutes of
    // 20 ms blocks, which only a client that sends faster than ears can listen would fill. What overflows is noted.
    let (effects, feed) = AsyncStream.makeStream(of: Effect.self, bufferingPolicy: .bufferingOldest(1_024))
    let (sounds, earFeed) = AsyncStream.makeStream(of: Sound.self, bufferingPolicy: .bufferingOldest(6_000))

    init(frames: AsyncThrowingStream<WSFrame, any Error>, version: String, shared: Shared) {
        self.frames = frames
        self.shared = shared
        number = shared.nextNumber()
        started = clock.now
        var options = shared.configuration.session
        options.seed &+= UInt64(number)
        let random = UInt32.random(in: .min ... .max)  // handles must differ from those of an earlier process
        session = RehearsalSession(
            options: options, version: version, connection: "\(number)-\(String(random, radix: 36))", now: .zero)
        answerer = Answerer(seed: options.seed)
        encoder = WireEncoder(shared.configuration.format)
        savedInput = SavedInput(path: shared.configuration.savedInputPath, connection: number)
        isBehaving = shared.configuration.scenario == nil
        isWatched = !isBehaving
        if let scenario = shared.configuration.scenario {
            feed.yield(.play(scenario.steps(forConnection: number)))
        }
    }

    var now: Duration { started.duration(to: clock.now) }

    /// Serves until either side closes the connection.
    func run() async {
        log("opened")
        armTimer()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.readFrames() }
            group.addTask { await self.listen() }
            for await effect in effects {
                switch effect {
                case .wake(let instant):
                    group.addTask {
                        try? await self.clock.sleep(until: instant)
                        await self.wake(armedFor: instant)
                    }
                case .answer(let prompt, let number): group.addTask { await self.answer(prompt, number: number) }
                case .play(let steps): group.addTask { await self.play(steps) }
                case .ring(let instant):
                    group.addTask {
                        try? await self.clock.sleep(until: instant)
                        self.bell.yield()
                    }
                case .closeLater:
                    group.addTask {
                        // A client has this long to answer a close frame before the TCP connection ends.
                        try? await self.clock.sleep(for: .seconds(2))
                        await self.end()
                    }
                }
            }
            group.cancelAll()
        }
        outbox.finish()
        log("closed")
    }

    func end() {
        feed.finish()
        bell.finish()
        earFeed.finish()
        outbox.finish()
    }

    // MARK: What comes in

    func readFrames() async {
        var joiner = FrameJoiner(largestMessage: shared.configuration.largestMessage)
        do {
            for try await frame in frames {
                switch try joiner.add(frame) {
                case .message(let bytes): received(bytes)
                case .ping(let ping):
                    var pong = ping
                    pong.opcode = .pong
                    pong.mask = nil
                    outbox.put(pong)
                case .close(let code, let reason):
                    log("received", ("close", .number(Double(code))), ("reason", .string(reason)))
                    if !isClosing { outbox.close(code: code == 1005 ? 1000 : code, reason: "") }
                    end()
                    return
                case .nothing: break
                }
            }
        } catch let refusal as Refusal {
            close(refusal)  // frames out of order end the connection whatever its session does
            return
        } catch {
            // The client is gone without a close frame.
        }
        end()
    }

    func received(_ bytes: [UInt8]) {
        guard !isClosing else { return }
        let message: ClientMessage
        do throws(Refusal) {
            message = try WireDecoder.decode(bytes)
        } catch {
            log("received", ("refused", .string(error.reason)), ("bytes", .number(Double(bytes.count))))
            if isBehaving { perform(session.refused(error)) }
            return
        }
        if shared.log != nil, let json = try? JSONReader.read(bytes) {
            log("received", ("message", WireLog.summary(of: json)))
        }
        if case .audio(let pcm) = message { savedInput.append(pcm) }
        if isWatched {
            // Bound: seven minutes of 20 ms packets, for a scenario that waits long; the oldest go.
            if unseen.count == 20_000 { unseen.removeFirst(10_000) }
            unseen.append(message)
            bell.yield()
        }
        if isBehaving {
            perform(session.received(message, now: now))
        } else if case .setup = message {
            heldSetup = message
        }
    }

    // MARK: What the session wants done

    func perform(_ actions: [RehearsalSession.Action]) {
        for action in actions {
            switch action {
            case .send(let message): send(message)
            case .close(let refusal): close(refusal)
            case .hear(let samples, _): give(.hear(samples))
            case .understand: give(.understand)
            case .answer(let prompt, let answer): feed.yield(.answer(prompt, number: answer))
            case .find(let handle):
                let model = session.requestedModel ?? ""
                perform(session.resume(shared.handles.find(handle, model: model, now: clock.now), now: now))
            case .keep(let conversation, let handle):
                shared.handles.keep(conversation, model: session.setup?.model ?? "", under: handle, now: clock.now)
            case .note(let text):
                log("note", ("text", .string(text)))
                shared.configuration.report("connection \(number): \(text)")
            }
        }
        armTimer()
    }

    func close(_ refusal: Refusal) {
        guard !isClosing else { return }
        log("sent", ("close", .number(Double(refusal.code))), ("reason", .string(refusal.reason)))
        shared.configuration.report("connection \(number): closed with \(refusal.code): \(refusal.reason)")
        isClosing = true
        outbox.close(code: refusal.code, reason: refusal.reason)
        feed.yield(.closeLater)
    }

    /// Sends bytes that need not be a message at all.
    func send(_ bytes: [UInt8], asText: Bool) {
        guard !isClosing else { return }
        outbox.send(WireEncoder.Payload(bytes: bytes, isText: asText))
        log("sent", ("bytes", .number(Double(bytes.count))))
    }

    /// - Parameter asText: the frame's kind; nil for what the configuration says.
    func send(_ message: JSON, asText: Bool? = nil) {
        guard !isClosing else { return }
        var payload = encoder.encode(message)
        payload.isText = asText ?? payload.isText
        outbox.send(payload)
        log("sent", ("message", shared.log == nil ? .null : WireLog.summary(of: message)))
    }

    func armTimer() {
        guard let deadline = session.nextDeadline else { return }
        let instant = started + deadline
        if let wakesAt, wakesAt <= instant { return }
        wakesAt = instant
        feed.yield(.wake(at: instant))
    }

    func wake(armedFor instant: ContinuousClock.Instant) {
        if wakesAt == instant { wakesAt = nil }
        perform(session.tick(now: now))
    }

    func log(_ event: String, _ details: (String, JSON)...) {
        guard let log = shared.log else { return }
        switch details.count {
        case 0: log.write(event, connection: number)
        case 1: log.write(event, connection: number, details[0])
        default: log.write(event, connection: number, details[0], details[1])
        }
    }
}
