import Archive
import AudioCore

/// How far apart the clocks of a conversation's two devices run: by what each brought or took, and when, in the words of
/// its own reports. The canceller of the echo follows them, up to a point.
package final class ClockProbe: Sendable {
    /// The devices' threads write to them during the conversation.
    let taps = RecordingTaps()
    var input: SoundTape { taps.voice }
    var output: SoundTape { taps.speech }

    package init() {}

    /// From here on the canceller leaves some of the answer in the voice (docs/DECISIONS.md, “Clock drift is read from the
    /// devices' reports”: 2 % of frames). Crystals are off by 50 or less.
    static let most = 200.0

    /// Call it once, when the conversation is over. - Returns: nil where a device has no clock, as a pipe, or did not run.
    package func finding() -> Finding? {
        guard let input = ClockRate(of: self.input), let output = ClockRate(of: self.output) else { return nil }
        return Self.finding(input, output)
    }

    static func finding(_ input: ClockRate, _ output: ClockRate) -> Finding {
        let apart = abs(input.partsPerMillion - output.partsPerMillion)
        let uncertainty = input.uncertainty + output.uncertainty
        let margin = "± \(Int(min(uncertainty, 1e6).rounded(.up)))"
        guard uncertainty <= most else {
            // Sound that broke off, or reports that wander: a line through them says nothing.
            return Finding(
                "clocks", .skipped, "three seconds do not show how far apart they run: \(margin) ppm",
                remedy: "`vivavoce echo-test` measures it.")
        }
        let words = "microphone and loudspeaker run \(Int(apart.rounded())) ppm apart, \(margin)"
        guard apart - uncertainty > most else { return Finding("clocks", .ok, words) }
        return Finding(
            "clocks", .warning, words + ": over open loudspeakers, some of the answer is heard as your voice",
            remedy: "Take both from one device, or wear headphones; `vivavoce echo-test` measures more exactly.")
    }
}

/// How fast a device's clock runs by the machine's. Pure.
struct ClockRate: Equatable, Sendable {
    /// A device's word on the time, and the sound that it had brought or taken by then.
    struct Report: Equatable, Sendable {
        /// In seconds, since boot.
        var time: Double
        /// In seconds, at the rate that the device claims.
        var sound: Double
    }

    /// More sound in a second than claimed, above 0, or less.
    var partsPerMillion: Double
    var uncertainty: Double

    /// What is looked at, from the end: a device's first reports are the worst.
    private static let window = 3.0
    private static let least = 1.0
    /// One sample at 16 kHz: no report is better.
    private static let finest = 1.0 / 16_000

    /// The straight line through the last reports, by least squares.
    ///
    /// - Returns: nil for less than a second.
    init?(_ reports: [Report]) {
        guard let last = reports.last else { return nil }
        let reports = reports.filter { last.time - $0.time <= Self.window }
        let length = last.time - (reports.first?.time ?? last.time)
        guard length >= Self.least else { return nil }
        let count = Double(reports.count)
        let meanTime = reports.reduce(0) { $0 + $1.time - last.time } / count
        let meanSound = reports.reduce(0) { $0 + $1.sound - last.sound } / count
        var (square, product) = (0.0, 0.0)
        for report in reports {
            let time = report.time - last.time - meanTime
            square += time * time
            product += time * (report.sound - last.sound - meanSound)
        }
        let slope = product / square
        let residuals = reports.map { report in
            abs(report.sound - last.sound - meanSound - slope * (report.time - last.time - meanTime))
        }.sorted()
        partsPerMillion = (slope - 1) * 1e6
        // As in the echo test: a jump in the middle that leaves such residuals makes a slope of six of them.
        uncertainty = max(Self.finest, 6 * residuals[residuals.count * 4 / 5]) / length * 1e6
    }

    /// Empties the tape, whose writer has ended.
    init?(of tape: SoundTape) {
        var reports: [Report] = []
        var samples: [Int16] = []
        var sound = 0.0
        while let stamp = tape.next(into: &samples) {
            guard stamp.kind == .timed else { continue }
            reports.append(Report(time: stamp.time / .seconds(1), sound: sound))
            sound += Double(stamp.count) / Double(stamp.rate.hertz)
        }
        self.init(reports)
    }
}
