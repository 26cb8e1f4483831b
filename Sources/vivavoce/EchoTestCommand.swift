import ArgumentParser
import Assistant
import AudioDevices
import AudioFrontEnd
import Events

/// Measures the echo canceller on recordings.
struct EchoTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo-test",
        abstract: "Measure how well the loudspeaker's echo is kept from the microphone.",
        discussion: """
            --far and --mic are WAV files of any rate that begin at the same instant; what would be sent is written to \
            --out, mono at 16 kHz, in step with --mic and as long. Nothing needs to be known of the delay between them.
            """)

    @OptionGroup var files: Files
    @Flag(help: "One JSON object.") var json = false

    /// The three files of a test without devices.
    struct Files: ParsableArguments {
        @Option(help: ArgumentHelp("What the loudspeaker was given.", valueName: "F.wav")) var far: String
        @Option(help: ArgumentHelp("What the microphone heard.", valueName: "M.wav")) var mic: String
        @Option(help: ArgumentHelp("Where what would be sent is written.", valueName: "O.wav")) var out: String
    }

    func run() async throws {
        try await Failure.reporting { () async throws(AssistantError) in
            let report: EchoFileTest.Report
            do throws(DeviceError) {
                report = try EchoFileTest(far: files.far, microphone: files.mic, output: files.out).run()
            } catch {
                throw AssistantError(of: error)
            }
            print(json ? Self.jsonLine(report) : Self.text(report), terminator: "")
        }
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
            case .missingFile: .noInput
            case .badFormat: .badInput
            default: .ioError
            }
        self.init(exit, error.message, remedy: error.remedy)
    }
}
