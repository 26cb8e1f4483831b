import ArgumentParser
import Assistant
import AudioDevices
import AudioFrontEnd
import Foundation
import Testing

@testable import vivavoce

@Suite("What echo-test advises", .timeLimit(.minutes(5)))
struct EchoAdviceTests {
    private func findings(fires: Int = 0, clipped: Double = 0, grade: EchoGrade = .cancelling) -> ProbeFindings {
        var canceller = EchoStatus.Reading()
        canceller.grade = grade
        let echo = ProbeFindings.Echo(
            delay: 85.74, spread: 1.3, below: 12.4, drift: ProbeFindings.Drift(value: -200.6, uncertainty: 12),
            early: 30, settled: 40, leftOverNoise: -3)
        return ProbeFindings(
            echo: echo, noiseFloor: -60, rise: 30, clipped: clipped, falseBargeIns: fires,
            falseBargeInsPerMinute: Double(fires * 6), canceller: canceller)
    }

    @Test("every setting advised is one that there is, with a value that it accepts")
    func accepted() throws {
        for problem in [findings(), findings(fires: 1), findings(fires: 3, clipped: 0.1), findings(grade: .halfDuplex)]
        {
            for (path, value) in EchoAdvice(on: problem, volume: 0.8).settings {
                let key = try #require(SettingKey.all.first { $0.path == path })
                #expect(throws: Never.self) {
                    _ = try SettingLayers(
                        flags: [key.path: value], environment: [:], places: SettingsPlaces(environment: [:])
                    ).settings()
                }
            }
        }
    }

    @Test("the gravest problem's settings hold")
    func gravest() {
        #expect(EchoAdvice(on: findings(), volume: 1).settings["turns.bargeIn"] == "local")
        #expect(EchoAdvice(on: findings(fires: 1), volume: 1).settings["turns.bargeIn"] == "service")
        let poor = EchoAdvice(on: findings(fires: 1, clipped: 0.1, grade: .halfDuplex), volume: 0.8)
        #expect(poor.settings["turns.mode"] == "half")
        #expect(poor.settings["turns.bargeIn"] == "off")
        #expect(poor.settings["audio.volume"] == "40")
        #expect(poor.words.count == 3)
    }

    @Test("programs read the same as people")
    func told() throws {
        let findings = findings(fires: 1)
        let report = EchoProbeReport(
            probe: EchoProbe.Report(findings: findings, xruns: 0), advice: EchoAdvice(on: findings, volume: 1))
        #expect(report.text.contains("85.7 ms"))
        #expect(report.text.contains("-200.6 ppm ± 12.0"))
        #expect(report.text.contains("turns.bargeIn: service"))
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(report.jsonLine.utf8)) as? [String: Any])
        #expect(json["delayMs"] as? Double == 85.7)
        #expect(json["driftPpm"] as? Double == -200.6)
        #expect(json["safe"] as? Bool == false)
        #expect((json["settings"] as? [String: String])?["turns.bargeIn"] == "service")
    }

    @Test("files come three at a time")
    func files() throws {
        #expect(throws: (any Error).self) { try EchoTest.parse(["--far", "a.wav"]) }
        #expect(try EchoTest.parse(["--far", "a", "--mic", "b", "--out", "c"]).files.test != nil)
        #expect(try EchoTest.parse([]).files.test == nil)
    }
}
