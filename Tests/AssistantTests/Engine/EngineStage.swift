import Assistant
import AudioCore
import Events
import LiveProtocol
import LiveSession
import Synchronization
import TestKit

/// A microphone and a loudspeaker that the test works by hand.
final class FakePorts: AudioPorts {
    let clock = PlaybackClock()
    let voiceActivity = VoiceActivity()
    private let time: @Sendable () -> Duration
    private let resting = Mutex<TurnKeeper.Rest>([])
    private let state: Mutex<(isMuted: Bool, isStarted: Bool, awaitsWakeWord: Bool)> = Mutex((false, false, false))

    /// - Parameter time: of the devices' clock.
    init(time: @escaping @Sendable () -> Duration) { self.time = time }

    var now: Duration { time() }
    func sessionWentLive() { state.withLock { $0.isStarted = true } }
    func setMuted(_ isMuted: Bool) { state.withLock { $0.isMuted = isMuted } }
    func rest(_ devices: TurnKeeper.Rest) { resting.withLock { $0 = devices } }
    func awaitWakeWord(_ isAwaited: Bool) { state.withLock { $0.awaitsWakeWord = isAwaited } }
    var awaitsWakeWord: Bool { state.withLock { $0.awaitsWakeWord } }
    var devicesAtRest: TurnKeeper.Rest { resting.withLock { $0 } }
    var isMuted: Bool { state.withLock { $0.isMuted } }
    var isStarted: Bool { state.withLock { $0.isStarted } }
    var levels: (input: Double, output: Double) { (-20, -30) }
    var counts: (input: DeviceCounters.Counts, output: DeviceCounters.Counts) { (.init(), .init()) }
}

/// A machine that sleeps when a test says so.
final class FakeMachine: Sendable {
    private let total = Mutex(Duration.zero)
    var asleep: Duration { total.withLock { $0 } }
    func sleeps(_ time: Duration) { total.withLock { $0 += time } }
}

/// An engine with everything around it in the test's hands: socket, devices and time.
final class EngineStage: Sendable {
    let transport = FakeTransport()
    let clock = ManualClock()
    let ports: FakePorts
    let bus = EventBus()
    let engine: SessionEngine
    let events: EventLog
    let speech = SpeechBuffer()
    let voice: Voice
    private let microphone: Mutex<SampleProducer>
    private let loudspeaker: Mutex<Loudspeaker>

    let machine = FakeMachine()

    init(
        model: String = "models/gemini-3.8-live", until: EndWatch.Condition = .never,
        turns: TurnKeeper.Configuration = TurnKeeper.Configuration(), modeReason: String = "settings",
        keep: SessionEngine.PartKeeper? = nil
    ) {
        var configuration = SessionEngine.Configuration(
            endpoint: Endpoint(host: "localhost", port: 1, isSecure: false, path: "/"),
            setup: SessionSetup(model: model), until: until)
        configuration.turns = turns
        configuration.modeReason = modeReason
        let ring = SampleRing(minimumCapacity: 1 << 18)
        // The devices' clock began long before the conversation.
        ports = FakePorts { [clock] in clock.elapsed + .seconds(5_000) }
        microphone = Mutex(ring.makeProducer())
        voice = Voice(source: VoiceSource(ring))
        loudspeaker = Mutex(Loudspeaker(reader: speech.makeReader(cushion: .zero), clock: ports.clock))
        events = EventLog(bus)
        engine = SessionEngine(
            configuration: configuration,
            parts: SessionEngine.Parts(
                dialect: GeminiDialect(model: model), transport: transport, voice: voice, speech: SpeechSink(speech),
                ports: ports,
                announcer: Announcer(bus: bus) { [clock] in 1_000_000 + Int64(clock.elapsed / .milliseconds(1)) },
                keep: keep, time: EngineTime(clock) { [machine] in machine.asleep },
                random: { 1 }))
    }

    /// Runs the engine for as long as `script` takes, and then waits for its end, which the script must bring about
    /// or which `hangUp` brings.
    func play(_ script: @Sendable (EngineStage) async throws -> Void) async rethrows -> Ending {
        async let ending = engine.run()
        do { try await script(self) } catch {
            engine.stop(Ending(.asked, reason: "the script failed"))
            _ = await ending
            throw error
        }
        engine.stop(Ending(.asked, reason: "the script is over"))
        return await ending
    }

    /// Dials, upgrades and sets up.
    func goLive() async -> FakeConnection {
        let connection = await transport.nextConnection()!
        connection.opens()
        _ = await connection.nextSent()
        connection.says(#"{"setupComplete":{}}"#)
        _ = await events.next { if case .sessionLive = $0 { true } else { false } }
        return connection
    }

    /// The next connection is dialled, upgraded and set up. - Returns: it, and its setup.
    func comeBack() async -> (FakeConnection, setup: String) {
        let connection = await transport.nextConnection()!
        connection.opens()
        let setup = await connection.nextSent() ?? ""
        connection.says(#"{"setupComplete":{}}"#)
        return (connection, setup)
    }

    func capture(_ count: Int) {
        microphone.withLock { microphone in
            let taken = microphone.write([Int16](repeating: 1, count: count).span)
            precondition(taken == count)
        }
        voice.arrived()
    }

    /// Plays what waits, at most `count` samples of it. - Returns: samples played.
    @discardableResult
    func playOut(_ count: Int) -> Int { loudspeaker.withLock { $0.play(count, at: ports.now) } }

    /// The loudspeaker holds so many samples from here on.
    func deepen(to depth: Int) { loudspeaker.withLock { $0.depth = depth } }

    /// All that came out of the loudspeaker.
    var heard: [Int16] { loudspeaker.withLock { $0.heard } }
}

/// A device that plays what it is given `depth` samples later, and can be silenced.
struct Loudspeaker: ~Copyable {
    private var reader: SpeechReader
    private var timeline: PlaybackTimeline
    /// How much it holds; without any, what is read has been heard.
    var depth = 0
    /// Taken and not played.
    private var queue: [Int16] = []
    private(set) var heard: [Int16] = []

    init(reader: consuming SpeechReader, clock: PlaybackClock) {
        self.reader = reader
        timeline = PlaybackTimeline(clock: clock, speechRate: .speech, deviceRate: .speech)
    }

    /// - Parameter time: since boot.
    mutating func play(_ count: Int, at time: Duration) -> Int {
        var samples = [Int16](repeating: 0, count: count)
        var span = samples.mutableSpan
        let reading = reader.read(count, into: &span)
        if let cut = reading.cut {
            timeline.drop(before: cut, delay: queue.count, at: time)
            queue = []
        }
        if reading.isHeld {
            if let position = timeline.takeBack(delay: queue.count, at: time) { reader.goBack(to: position) }
            queue = []
        }
        let taken = reading.positions.count
        queue += samples.prefix(taken)
        heard += queue.prefix(max(0, queue.count - depth))
        queue = queue.suffix(depth)
        timeline.read(taken, speech: reading.positions)
        timeline.wrote(taken)
        timeline.publish(delay: queue.count, at: time)
        reader.giveBack(before: timeline.firstUnheard ?? reader.position)
        return taken
    }
}

/// Everything that was published, in order, and a way to wait for some of it.
actor EventLog {
    private let subscription: EventSubscription
    private(set) var seen: [Event.Body] = []

    init(_ bus: EventBus) { subscription = bus.subscribe(capacity: 10_000, overflow: .dropsOldest) }

    /// The next event that `matches`; what comes before it is kept in `seen`.
    @discardableResult
    func next(_ matches: @Sendable (Event.Body) -> Bool) async -> Event.Body? {
        var iterator = subscription.makeAsyncIterator()
        while let event = await iterator.next(isolation: self) {
            seen.append(event.body)
            if matches(event.body) { return event.body }
        }
        return nil
    }
}

/// A message of speech: `count` samples of silence.
func speechMessage(_ count: Int, before: String = "", after: String = "") -> String {
    speechMessage([Int16](repeating: 0, count: count), before: before, after: after)
}

/// A message of this speech.
func speechMessage(_ samples: [Int16], before: String = "", after: String = "") -> String {
    let bytes = samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    let part = #"{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"\#(base64(bytes))"}}"#
    return #"{"serverContent":{\#(before)"modelTurn":{"role":"model","parts":[\#(part)]}\#(after)}}"#
}

private func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
        for digit in 0..<4 { text.append(digit <= group.count ? digits[bits >> (18 - 6 * digit) & 63] : 61) }
    }
    return String(decoding: text, as: UTF8.self)
}

extension Event.Body {
    /// As it is, without the times and marks of a line.
    var untimed: Event.Body {
        func untimed(_ line: TranscriptLine) -> TranscriptLine {
            var line = line
            (line.begin, line.end, line.marks) = (nil, nil, [])
            return line
        }
        return switch self {
        case .transcriptPartial(let line): .transcriptPartial(untimed(line))
        case .transcriptFinal(let line): .transcriptFinal(untimed(line))
        default: self
        }
    }

    /// The line, if it is one's final telling.
    var finalLine: TranscriptLine? { if case .transcriptFinal(let line) = self { line } else { nil } }
}
