import ArgumentParser
import Assistant
import AudioDevices
import AudioFrontEnd
import Events

/// Measures the echo canceller: on the devices, or on recordings.
struct EchoTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo-test",
        abstract: "Measure how well the loudspeaker's echo is kept from the microphone.",
        discussion: """
            On the devices it plays chirps and a babble for 17 seconds, listens, and says whether you can speak into \
            the answer with them, and what to set; be quiet meanwhile. Ends with 0 if you can, 1 if you cannot, and 69 if \
            nothing was heard or a device cannot be used.

            On files, --far and --mic are WAV files of any rate that begin at the same instant; what would be sent is \
            written to --out, mono at 16 kHz, in step with --mic and as long. Nothing needs to be known of the delay \
            between them.
            """)

    @OptionGroup(title: "Devices") var devices: Devices
    @OptionGroup(title: "Files") var files: Files
    @Flag(help: "One JSON object.") var json = false

    /// The settings that a test on devices takes.
    struct Devices: ParsableArguments {
        @Option(.input) var input: String?
        @Option(.output) var output: String?
        @Option(.volume) var volume: String?
        @OptionGroup var file: SettingsFileFlag

        func settings() throws(AssistantError) -> Settings.Audio {
            let given: [(SettingKey, String?)] = [(.input, input), (.output, output), (.volume, volume)]
            let environment = Environment.current
            let layers = try SettingLayers(
                flags: Dictionary(
                    uniqueKeysWithValues: given.compactMap { key, value in value.map { (key.path, $0) } }),
                environment: environment,
                places: SettingsPlaces(environment: environment, configFile: file.config))
            return try layers.settings().audio
        }
    }

    /// The three files of a test without devices.
    struct Files: ParsableArguments {
        @Option(help: ArgumentHelp("What the loudspeaker was given.", valueName: "F.wav")) var far: String?
        @Option(help: ArgumentHelp("What the microphone heard.", valueName: "M.wav")) var mic: String?
        @Option(help: ArgumentHelp("Where what would be sent is written.", valueName: "O.wav")) var out: String?

        /// Nil when none is given.
        var test: EchoFileTest? {
            guard let far, let mic, let out else { return nil }
            return EchoFileTest(far: far, microphone: mic, output: out)
        }

        func validate() throws {
            let given = [far, mic, out].count { $0 != nil }
            guard given == 0 || given == 3 else {
                throw ValidationError("--far, --mic and --out go together; without them the devices are tested.")
            }
        }
    }

    func run() async throws {
        var isSafe = true
        try await Failure.reporting { () async throws(AssistantError) in
            if let test = files.test {
                try testFiles(test)
            } else {
                isSafe = try await testDevices()
            }
        }
        if !isSafe { throw ArgumentParser.ExitCode.failure }
    }

    private func testFiles(_ test: EchoFileTest) throws(AssistantError) {
        let report: EchoFileTest.Report
        do throws(DeviceError) {
            report = try test.run()
        } catch {
            throw AssistantError(of: error)
        }
        print(json ? Self.jsonLine(report) : Self.text(report), terminator: "")
    }

    /// - Returns: whether one can speak into the answer.
    private func testDevices() async throws(AssistantError) -> Bool {
        let settings = try devices.settings()
        let report: EchoProbe.Report
        do throws(DeviceError) {
            let probe = try EchoProbe(
                input: DeviceSpec(parsing: settings.input, for: .input),
                output: DeviceSpec(parsing: settings.output, for: .output),
                volume: Float(settings.volume ?? 1), configuration: settings.frontEnd)
            if !json { Failure.show("Measuring; be quiet for 17 seconds.\n") }
            report = try await probe.run()
        } catch {
            throw AssistantError(error.code == .usage ? .usage : .unavailable, error.message, remedy: error.remedy)
        }
        let advice = EchoAdvice(on: report.findings, volume: settings.volume ?? 1)
        let told = EchoProbeReport(probe: report, advice: advice)
        print(json ? told.jsonLine : told.text, terminator: "")
        return report.findings.problems.isEmpty
    }

    /// A line for each finding.
    static func text(_ report: EchoFileTest.Report) -> String {
        let echo = report.echo
        let delay = echo.delay.map { "\(Int($0 / .milliseconds(1))) ms" } ?? "not found: no echo that stands out"
        let attenuation = report.attenuation.map { "\(oneDecimal($0)) dB" } ?? "not known: the loudspeaker was silent"
        return """
            delay       \(delay)
            canceller   \(oneDecimal(echo.returnLoss)) dB, \(echo.grade)
            all stages  \(attenuation)
            voices      \(report.voices)
            CPU         \(oneDecimal(report.load / .milliseconds(1))) ms per second of sound

            """
    }

    static func jsonLine(_ report: EchoFileTest.Report) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("seconds", tenths: report.length / .seconds(1))
            writer.member("delayMs", ifPresent: report.echo.delay.map { Int($0 / .milliseconds(1)) })
            writer.member("driftPpm", tenths: report.echo.drift)
            writer.member("returnLossDb", tenths: report.echo.returnLoss)
            writer.member("grade", "\(report.echo.grade)")
            if let attenuation = report.attenuation { writer.member("attenuationDb", tenths: attenuation) }
            writer.member("voices", report.voices)
            writer.member("cpuMsPerSecond", tenths: report.load / .milliseconds(1))
        }
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }

    private static func oneDecimal(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}

extension AssistantError {
    /// What kept a file from being read or written.
    fileprivate init(of error: DeviceError) {
        let exit: Assistant.ExitCode =
            switch error.code {
            case .usage: .usage
            case .missingFile: .noInput
            case .badFormat: .badInput
            default: .ioError
            }
        self.init(exit, error.message, remedy: error.remedy)
    }
}
