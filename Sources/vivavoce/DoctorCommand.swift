import ArgumentParser
import Assistant
import ControlProtocol
import Events
import Glibc
import LiveProtocol
import Observation

/// Looks whether everything is there that a conversation needs.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check settings, key, service, devices and permissions; a line each, and what to do.",
        discussion: """
            Holds a conversation of three seconds on the devices and with the service set, in which nothing is said: no sound \
            goes up, and nothing is kept. Ends with 0 when nothing failed, and otherwise as a conversation would.
            """)

    /// The service may take its time to refuse.
    private static let patience = Duration.seconds(40)

    @Flag(help: "Check against the local stand-in service; no key is needed.")
    var rehearse = false

    @Flag(help: "One JSON object a line.") var json = false
    @OptionGroup var control: ControlFlags
    @OptionGroup var settings: SettingFlags

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        var worst = Assistant.ExitCode.success
        for await finding in findings() {
            Output.line(json ? finding.json : finding.text)
            if finding.state == .failed, worst == .success { worst = finding.exit }
        }
        if worst != .success { throw ArgumentParser.ExitCode(worst.rawValue) }
    }

    /// In the order in which one needs the other, each as soon as it is known.
    private func findings() -> AsyncStream<Finding> {
        AsyncStream { feed in
            let task = Task {
                await look { feed.yield($0) }
                feed.finish()
            }
            feed.onTermination = { _ in task.cancel() }
        }
    }

    private func look(_ tell: @escaping @Sendable (Finding) -> Void) async {
        let environment = Environment.current
        let set: Settings
        let layers: SettingLayers
        do throws(AssistantError) {
            layers = try settings.layers()
            set = try layers.settings(until: nil)
            tell(Finding("settings", .ok, Self.files(layers, environment)))
        } catch {
            return tell(Finding("settings", failed: error))
        }
        for finding in Self.observation(set, environment) { tell(finding) }
        if let wake = await WakeCheck.finding(set, environment: environment) { tell(wake) }
        tell(MachineChecks.priority)
        tell(MachineChecks.record(set.archive, environment: environment))
        tell(await daemon)
        do throws(AssistantError) {
            let (trial, credential, rehearsal) = try await prepared(set, layers, tell)
            for finding in await LineCheck.findings(on: try trial.endpoint(credential: credential)) { tell(finding) }
            for finding in await held(trial, credential) { tell(finding) }
            await rehearsal?.stop()
        } catch {
            tell(Finding(rehearse ? "service" : "key", failed: error))
            tell(Finding("service", .skipped, "nobody is asked without a key"))
        }
    }

    /// What the trial is held with: the stand-in, or the service and the key for it.
    private func prepared(
        _ set: Settings, _ layers: SettingLayers, _ tell: (Finding) -> Void
    ) async throws(AssistantError) -> (Settings, Credential?, RehearsalProcess?) {
        var trial = Trial.settings(set)
        guard !rehearse else {
            let rehearsal = try await RehearsalProcess.start(showsLog: false)
            trial.rehearse(at: rehearsal.address)
            return (trial, nil, rehearsal)
        }
        let sources = CredentialSources(
            set.service, environment: Environment.current, places: layers.places)
        let credential = try sources.credential()
        _ = try trial.endpoint(credential: credential)
        tell(Finding("key", .ok, sources.used?.name ?? "set"))
        return (trial, credential, nil)
    }

    private func held(_ settings: Settings, _ credential: Credential?) async -> [Finding] {
        let bus = EventBus()
        let events = bus.subscribe(capacity: 1_024, overflow: .dropsPartialsFirst, includingLevels: true)
        let clocks = ClockProbe()
        let conversation = Conversation(
            settings: settings, credential: credential, environment: Environment.current, bus: bus, clocks: clocks)
        let limit = Task {
            guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
            conversation.perform(.hangUp)
        }
        async let outcome = {
            let outcome = await conversation.run()
            bus.finish()
            return outcome
        }()
        var trial = Trial(on: settings.audio)
        for await event in events { trial.note(event) }
        limit.cancel()
        let ended = await outcome
        return trial.findings(ended) + [clocks.finding()].compactMap { $0 }
    }

    /// Costs, metrics and hooks: what keeps an assistant from starting, and what it would run without.
    private static func observation(_ set: Settings, _ environment: [String: String]) -> [Finding] {
        let model = set.service.model ?? SessionSetup().model
        let flaws = set.observation.plan.flaws(model: model, environment: environment)
        guard !flaws.isEmpty else { return [Finding("observation", .ok, "costs, metrics and hooks are in order")] }
        return flaws.map { flaw in
            Finding(
                "observation", flaw.isFatal ? .failed : .warning, "\(flaw.key): \(flaw.error.message)",
                remedy: flaw.error.remedy, exit: flaw.isFatal ? .configuration : .success)
        }
    }

    private var daemon: Finding {
        get async {
            do throws(ControlError) {
                let client = try await ControlClient.connect(to: control.path)
                let status = try await client.call("status")
                await client.close()
                return Finding(
                    "daemon", .warning,
                    "one is running and \(status["state"]?.asString ?? "well"); it may hold the devices",
                    remedy: "`vivavoce status` says how it is.")
            } catch {
                if case .noDaemon = error { return Finding("daemon", .ok, "none is running") }
                return Finding("daemon", .warning, error.message, remedy: error.remedy)
            }
        }
    }

    private static func files(_ layers: SettingLayers, _ environment: [String: String]) -> String {
        let read = layers.places.files(environment: environment).filter { access($0, R_OK) == 0 }
        return read.isEmpty ? "no file; defaults" : read.joined(separator: ", ")
    }
}
