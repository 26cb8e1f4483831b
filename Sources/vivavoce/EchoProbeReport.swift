import AudioDevices
import AudioFrontEnd
import Events
import Glibc

/// A probe's report as people and programs read it.
struct EchoProbeReport {
    let probe: EchoProbe.Report
    let advice: EchoAdvice

    private var findings: ProbeFindings { probe.findings }

    /// A line for each finding, then what to do.
    var text: String {
        var lines = findings.echo.map(Self.lines) ?? ["echo        none that could be found"]
        lines += [
            "noise       \(Self.tenths(findings.noiseFloor)) dBFS",
            "barge-in    would fire falsely \(Self.tenths(findings.falseBargeInsPerMinute)) times a minute",
        ]
        if findings.clipped > 0 { lines.append("overdriven  \(Self.tenths(findings.clipped * 100)) % of samples") }
        if probe.xruns > 0 {
            lines.append("devices     ran dry or over \(probe.xruns) times: the machine is busy, so test again")
        }
        lines.append("")
        lines += advice.words
        lines += advice.settings.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(_ echo: ProbeFindings.Echo) -> [String] {
        let steadiness = echo.isSteady ? "within" : "but the machine is busy or the path moved, it jumped by"
        let drift = echo.drift.map { "\(tenths($0.value)) ppm ± \(tenths($0.uncertainty))" }
        return [
            "delay       \(tenths(echo.delay)) ms, \(steadiness) \(tenths(echo.spread)) ms",
            "echo        \(tenths(echo.below)) dB below what was played",
            "drift       \(drift ?? "not known: the delay did not change evenly")",
            "cancelled   \(tenths(echo.settled)) dB; \(tenths(echo.early)) dB in the first three seconds",
            "left        \(tenths(echo.leftOverNoise)) dB over the noise",
        ]
    }

    var jsonLine: String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("safe", findings.problems.isEmpty)
            if let echo = findings.echo {
                writer.member("delayMs", tenths: echo.delay)
                writer.member("delaySpreadMs", tenths: echo.spread)
                writer.member("echoBelowDb", tenths: echo.below)
                if let drift = echo.drift {
                    writer.member("driftPpm", tenths: drift.value)
                    writer.member("driftUncertaintyPpm", tenths: drift.uncertainty)
                }
                writer.member("erleEarlyDb", tenths: echo.early)
                writer.member("erleDb", tenths: echo.settled)
                writer.member("leftOverNoiseDb", tenths: echo.leftOverNoise)
            }
            writer.member("noiseDbfs", tenths: findings.noiseFloor)
            writer.member("falseBargeInsPerMinute", tenths: findings.falseBargeInsPerMinute)
            writer.member("clippedPercent", tenths: findings.clipped * 100)
            writer.member("cancellerDb", tenths: findings.canceller.returnLoss)
            writer.member("grade", "\(findings.canceller.grade)")
            writer.member("xruns", probe.xruns)
            writer.member("problems", findings.problems.map(\.rawValue))
            writer.member("advice", advice.words)
            writer.member("settings", embedding: Self.json(advice.settings))
        }
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }

    private static func json(_ settings: [String: String]) -> String {
        let members = settings.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }
        return "{\(members.joined(separator: ","))}"
    }

    private static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
