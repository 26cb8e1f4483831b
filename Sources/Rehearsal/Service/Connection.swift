import FlyingFox
import Foundation

/// One client's connection: does what its session answers, and tells the session what happens.
actor Connection {
    enum Effect: Sendable {
        case wake(at: ContinuousClock.Instant)
        case answer(RehearsalSession.Prompt, number: Int)
        case find(handle: String)
        case closeLater
        case pong(WSFrame, at: ContinuousClock.Instant)
        case follow([ChaosPlan.Event])
        case idle(until: ChaosPlan.Event)
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

    /// The way to what only a transport can do wrong; nil when nobody asked for that.
    let route: Route?
    let plan: ChaosPlan?
    /// The token that opened it; nil for a key, and for nothing.
    let token: String?
    var frameFaults = FrameFaults()
    var hasSeenSetup = false

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

    /// - Parameters:
    ///   - number: 1 for the service's first, and so on.
    ///   - version: the API version in the path.
    init(
        number: Int, frames: AsyncThrowingStream<WSFrame, any Error>, version: String, token: String? = nil,
        shared: Shared, route: Route?, plan: ChaosPlan?
    ) {
        self.token = token
        self.number = number
        self.frames = frames
        self.shared = shared
        self.route = route
        self.plan = plan
        started = clock.now
        var options = shared.configuration.session
        options.seed &+= UInt64(number)
        if let plan { options.setupDelay += plan.setupDelay }
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
        if let event = plan?.idleEvent { feed.yield(.idle(until: event)) }
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
                case .find(let handle): group.addTask { await self.find(handle) }
                case .pong(let pong, let instant):
                    group.addTask {
                        try? await self.clock.sleep(until: instant)
                        self.outbox.put(pong)
                    }
                case .follow(let events): group.addTask { await self.follow(events) }
                case .idle(let event): group.addTask { await self.idle(until: event) }
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
        shared.sessions.leave(connection: number)
        log("closed")
    }

    /// Ends the connection as it stands: waits for nothing but its reader, and sends no close frame.
    func end() {
        shared.sessions.leave(connection: number)
        feed.finish()
        bell.finish()
        earFeed.finish()
    }

    // MARK: What comes in

    func readFrames() async {
        // Not before: FlyingFox closes the socket then, and forgets to wake who still waits for it. Another connection
        // that got the same descriptor would never hear of its own bytes.
        defer { outbox.finish() }
        var joiner = FrameJoiner(largestMessage: shared.configuration.largestMessage)
        do {
            for try await frame in frames {
                switch try joiner.add(frame) {
                case .message(let bytes): received(bytes)
                case .ping(let ping):
                    var pong = ping
                    pong.opcode = .pong
                    pong.mask = nil
                    if let delay = frameFaults.pongDelay {
                        feed.yield(.pong(pong, at: clock.now + delay))
                    } else {
                        outbox.put(pong)
                    }
                case .close(let code, let reason):
                    log("received", ("close", .number(Double(code))), ("reason", .string(reason)))
                    shared.sessions.leave(connection: number)  // before the client hears that it may resume
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
        if case .setup = message, !hasSeenSetup {
            hasSeenSetup = true
            beginChaos()
        }
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
            case .begin(let name):
                guard mayUseToken(isNew: true) else { return close(.tokenUsedUp) }
                _ = shared.sessions.enter(name, connection: number)
            case .find(let handle):
                guard !shared.configuration.countsResumptions || mayUseToken(isNew: false) else {
                    return close(.tokenUsedUp)
                }
                feed.yield(.find(handle: handle))
            case .keep(let kept, let handle):
                shared.handles.keep(kept, model: session.setup?.model ?? "", under: handle, now: clock.now)
            case .forget(let name): shared.handles.forget(session: name)
            case .note(let text):
                log("note", ("text", .string(text)))
                shared.configuration.report("connection \(number): \(text)")
            }
        }
        armTimer()
    }

    private func mayUseToken(isNew: Bool) -> Bool {
        token.map { shared.tokens.use($0, isNew: isNew, now: Date()) } ?? true
    }

    /// Looks for the session that a setup wants to resume. One that another connection still serves gets a moment to
    /// be left: the end of that connection may be on its way.
    private func find(_ handle: String) async {
        let model = session.requestedModel ?? ""
        var search = Recollection.Search.unknown
        for attempt in 0...5 {
            if attempt > 0 { try? await clock.sleep(for: .milliseconds(10)) }
            guard !isClosing, let kept = shared.handles.find(handle, model: model, now: clock.now) else { break }
            let isFree = shared.sessions.enter(kept.session, connection: number)
            search = isFree ? .found(kept) : .inUse
            if isFree { break }
        }
        perform(session.resume(search, now: now))
    }

    func close(_ refusal: Refusal) {
        guard !isClosing else { return }
        log("sent", ("close", .number(Double(refusal.code))), ("reason", .string(refusal.reason)))
        shared.configuration.report("connection \(number): closed with \(refusal.code): \(refusal.reason)")
        isClosing = true
        shared.sessions.leave(connection: number)
        outbox.close(code: refusal.code, reason: refusal.reason, limit: frameFaults.reasonBytes)
        feed.yield(.closeLater)
    }

    /// Sends bytes that need not be a message at all.
    func send(_ bytes: [UInt8], asText: Bool) {
        guard !isClosing else { return }
        outbox.send(WireEncoder.Payload(bytes: bytes, isText: asText), fragmentBytes: frameFaults.fragmentBytes)
        log("sent", ("bytes", .number(Double(bytes.count))))
    }

    /// - Parameter asText: the frame's kind; nil for what the configuration says.
    func send(_ message: JSON, asText: Bool? = nil) {
        guard !isClosing else { return }
        var payload = encoder.encode(message)
        payload.isText = asText ?? payload.isText
        outbox.send(payload, fragmentBytes: frameFaults.fragmentBytes)
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
