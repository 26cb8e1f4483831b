import Archive
import AudioCore
import AudioDevices
import Events
import LiveProtocol
import LiveSession
import LiveTransport

/// Everything a conversation is put together from; nothing of it runs yet.
struct ConversationParts: Sendable {
    let engine: SessionEngine
    let devices: Devices
    let wakeWatch: WakeWatch
    let thread: SocketThread
    /// Where something can be said when the model says nothing any more.
    let outlet: Farewell.Outlet
    let recorder: Recorder?

    /// What the session's loop and the devices' threads have counted by now. Any thread.
    var pulse: Pulse { Pulse(steps: engine.steps, captured: devices.captured, played: devices.played) }

    /// What its events name it.
    var session: String { engine.parts.announcer.session }

    /// - Parameters:
    ///   - wishes: what holds in place of the settings.
    ///   - environment: for the program that prints a token.
    /// - Throws: settings that cannot hold a conversation: a device of no kind, a key that would cross a network in
    ///   the clear, a machine without descriptors.
    init(
        settings: Settings, wishes: StandingWishes = StandingWishes(), credential: Credential?,
        environment: [String: String], bus: EventBus, clocks: ClockProbe? = nil
    ) throws(AssistantError) {
        let endpoint = try settings.endpoint(credential: credential)
        let setup = settings.sessionSetup
        // 16 s: more than `Voice` keeps while no connection is live, so that it and not the ring decides what goes.
        let ring = SampleRing(minimumCapacity: 1 << 18)
        let recording = settings.archive.recordings == nil ? clocks?.taps : RecordingTaps()
        let voice = Voice(source: VoiceSource(ring)) { recording?.wanted.note($0) }
        let speech = SpeechBuffer()
        do throws(DeviceError) {
            let ear = try WakeEar()
            let wakeWatch = WakeWatch(ear)
            self.wakeWatch = wakeWatch
            devices = try Devices(
                settings.audio, voice: voice, ring: ring, speech: speech, tap: ear.tap, recording: recording,
                awaitWakeWord: { wakeWatch.awaitWord($0) })
        } catch {
            throw AssistantError(
                ExitCode(of: error, .input, settings.audio.input), error.message, remedy: error.remedy)
        }
        thread = SocketThread()
        var configuration = SessionEngine.Configuration(
            endpoint: endpoint, setup: setup, until: EndWatch.Condition(settings.until))
        var headers: HeaderSource?
        if case .command(let command) = credential {
            headers = command.headerSource(environment: environment)
            configuration.keeping.limits.dial += TokenCommand.limit
        }
        configuration.keeping.limits.setup = settings.session.setupTimeout
        configuration.keeping.limits.giveUp?.within = settings.session.recovery
        configuration.keeping.patience = settings.session.answerTimeout
        configuration.turns = settings.turnKeeping(canHold: !devices.hasPipe)
        if let mode = wishes.mode { (configuration.turns.mode, configuration.modeReason) = (mode, "asked") }
        configuration.turns.isMuted = wishes.isMuted
        if let limit = settings.session.connectionLimit { configuration.keeping.connectionLimit = limit }
        let sink = SpeechSink(speech, onChange: devices.speechChanged)
        outlet = Farewell.Outlet(
            speech: sink, chime: { [devices] in devices.play($0) }, heard: { [devices] in devices.clock.heardPosition })
        let announcer = Announcer(bus: bus, wallClock: wallClock)
        let recorder = recording.flatMap { settings.archive.recorder(hearing: $0, for: announcer) }
        self.recorder = recorder
        engine = SessionEngine(
            configuration: configuration,
            parts: SessionEngine.Parts(
                dialect: GeminiDialect(model: setup.model, apiVersion: settings.apiVersion(for: credential)),
                transport: WebSocketTransport(thread: thread, headers: headers), voice: voice,
                speech: sink, ports: devices, announcer: announcer,
                keep: recorder?.partKeeper, time: EngineTime.ofMachine(),
                random: { Double.random(in: 0...1) }))
    }
}

extension Settings {
    /// What the service is asked for; what is not set here is left to it.
    var sessionSetup: SessionSetup {
        var setup = SessionSetup()
        if let model = service.model { setup.model = model }
        setup.voice = persona.voice
        setup.language = persona.language
        setup.systemInstruction = persona.system
        setup.inputTranscription?.languages = transcription.languages
        setup.inputTranscription?.vocabulary = transcription.vocabulary
        setup.realtimeInput.silence = turns.silence
        setup.realtimeInput.startSensitivity = turns.startSensitivity.map { $0 == .high ? .high : .low }
        setup.realtimeInput.endSensitivity = turns.endSensitivity.map { $0 == .high ? .high : .low }
        setup.realtimeInput.prefixPadding = turns.prefixPadding
        setup.realtimeInput.turnCoverage = turns.coverage.map(RealtimeInputOptions.TurnCoverage.init)
        setup.realtimeInput.activityHandling = turns.bargeIn == .off ? .noInterruption : nil
        return setup
    }

    /// - Parameter canHold: neither end is a pipe.
    func turnKeeping(canHold: Bool) -> TurnKeeper.Configuration {
        var keeping = TurnKeeper.Configuration()
        keeping.mode = turns.mode
        keeping.bargeIn =
            switch turns.bargeIn {
            case .local: .local
            case .service: .service
            case .off: .off
            }
        keeping.canHold = canHold
        if let silence = turns.silence { keeping.quiet = silence }
        keeping.followUp = wake.followUp
        keeping.idle = wake.idle
        keeping.restAfter = audio.restAfter
        return keeping
    }
}

extension Recorder {
    fileprivate nonisolated var partKeeper: SessionEngine.PartKeeper {
        { [self] mimeType, bytes in keep(bytes, mimeType: mimeType) }
    }
}

extension Settings.Archive {
    /// - Throws: where there is no place for the store.
    func archivist(environment: [String: String]) throws(ArchiveError) -> Archivist {
        Archivist(
            path: try TranscriptStore.defaultPath(environment: environment),
            keeping: RecordLimits(days: keepDays, megabytes: keepMegabytes), clock: ContinuousClock(),
            wallClock: wallClock)
    }

    /// - Returns: nil where nothing is to be recorded.
    func recorder(hearing taps: RecordingTaps, for announcer: Announcer) -> Recorder? {
        recordings.map { directory in
            Recorder(
                Recorder.Configuration(
                    directory: directory, kilobitsPerSecond: kilobitsPerSecond, rotateHours: rotateHours,
                    rotateMegabytes: rotateMegabytes),
                hearing: taps, session: announcer.session, tell: announcer.tell)
        }
    }
}

extension WantedVoice {
    fileprivate func note(_ edge: Voice.PassageEdge) {
        switch edge {
        case .began(let position): begin(from: position)
        case .ended(let position): end(at: position)
        }
    }
}

extension RealtimeInputOptions.TurnCoverage {
    fileprivate init(_ coverage: Settings.Turns.Coverage) {
        switch coverage {
        case .activity: self = .onlyActivity
        case .all: self = .allInput
        case .activityAndVideo: self = .audioActivityAndAllVideo
        }
    }
}

extension EndWatch.Condition {
    init(_ until: Until) {
        switch until {
        case .inputEnds: self = .endOfInput
        case .idle(let longest): self = .idle(longest)
        case .elapsed(let longest): self = .elapsed(longest)
        case .forever: self = .never
        }
    }
}
