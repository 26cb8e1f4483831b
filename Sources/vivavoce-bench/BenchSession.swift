import Assistant
import AudioCore
import Events
import LiveProtocol
import LiveSession
import LiveTransport
import Synchronization

/// One conversation, and the device ends of its rings, which `DeviceThread` works.
final class BenchSession: Sendable {
    let engine: SessionEngine
    let latencies: LatencyLog
    private let voice: Voice
    private let ports = SilentPorts()
    private let packet = [Int16](repeating: 1234, count: Voice.packet)
    // SAFETY: these three are touched by the device thread alone.
    private nonisolated(unsafe) var producer: SampleProducer
    private nonisolated(unsafe) var reader: SpeechReader
    private nonisolated(unsafe) var speech = [Int16](repeating: 0, count: LatencyLog.messageSamples)

    /// - Parameter room: messages whose latency can be kept.
    init(endpoint: Endpoint, transport: WebSocketTransport, room: Int) {
        let ring = SampleRing(minimumCapacity: 1 << 15)
        let buffer = SpeechBuffer(limit: .seconds(10))
        let latencies = LatencyLog(room: room)
        producer = ring.makeProducer()
        reader = buffer.makeReader(cushion: .zero)
        voice = Voice(source: VoiceSource(ring))
        self.latencies = latencies
        engine = SessionEngine(
            configuration: SessionEngine.Configuration(endpoint: endpoint, setup: SessionSetup(), until: .never),
            parts: SessionEngine.Parts(
                dialect: GeminiDialect(), transport: transport, voice: voice,
                speech: SpeechSink(buffer) { if $0 == .speech { latencies.arrived() } }, ports: ports,
                announcer: Announcer(bus: EventBus(), wallClock: { 0 }),
                time: EngineTime.ofMachine(), random: { 0.5 }))
    }

    var isLive: Bool { ports.isLive.load(ordering: .acquiring) }

    /// Samples that went up so far.
    var samplesSent: Int { voice.samplesSent }

    /// What a microphone's period does. Device thread.
    func capture() {
        packet.withUnsafeBufferPointer { _ = producer.write($0.span) }
        voice.arrived()
    }

    /// What a loudspeaker's period does, but that it takes all there is. Device thread.
    func play() {
        while true {
            var span = speech.mutableSpan
            let reading = reader.read(span.count, into: &span, isCushioned: false)
            guard !reading.positions.isEmpty else { return }
            latencies.read(speech.span.extracting(first: reading.positions.count), at: reading.positions.lowerBound)
        }
    }
}

/// Devices that do not exist: the engine asks, and nothing was heard.
private final class SilentPorts: AudioPorts {
    let clock = PlaybackClock()
    let voiceActivity = VoiceActivity()
    var now: Duration { .zero }
    let isLive = Atomic<Bool>(false)
    var levels: (input: Double, output: Double) { (-60, -60) }
    var counts: (input: DeviceCounters.Counts, output: DeviceCounters.Counts) { (.init(), .init()) }
    func sessionWentLive() { isLive.store(true, ordering: .releasing) }
    func setMuted(_ isMuted: Bool) {}
    func rest(_ devices: TurnKeeper.Rest) {}
    func awaitWakeWord(_ isAwaited: Bool) {}
}
