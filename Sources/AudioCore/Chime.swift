/// A short sound that says what a box without a screen cannot show. Synthesised: no files.
package enum Chime: Int, Sendable, CaseIterable {
    /// The wake word was heard: speak.
    case wake
    case asleep
    case muted
    case unmuted
    /// The line, a device, or something else is lost.
    case trouble
    /// It is back.
    case connected
    /// What both sides say is recorded from here on.
    case recording

    /// One tone of a chime: struck, not blown.
    private struct Note {
        var hertz: Double
        /// In ms, from the chime's beginning.
        var start: Int
        var length: Int
    }

    /// Up is good news, down the end of something; twice the same is trouble, three times a recording.
    private var notes: [Note] {
        switch self {
        case .wake: [Note(hertz: 659, start: 0, length: 120), Note(hertz: 988, start: 80, length: 180)]
        case .asleep: [Note(hertz: 784, start: 0, length: 120), Note(hertz: 523, start: 80, length: 200)]
        case .muted: [Note(hertz: 440, start: 0, length: 140)]
        case .unmuted: [Note(hertz: 880, start: 0, length: 140)]
        case .trouble: [Note(hertz: 311, start: 0, length: 140), Note(hertz: 311, start: 200, length: 180)]
        case .connected: [Note(hertz: 523, start: 0, length: 120), Note(hertz: 659, start: 80, length: 180)]
        case .recording: [0, 150, 300].map { Note(hertz: 740, start: $0, length: 110) }
        }
    }

    /// 14 dB below full scale: heard beside speech, and no fright in the night.
    private static let level = 0.2

    /// The chime, mono, shape `[n]`, half a second at most. Allocates.
    package func samples(at rate: SampleRate) -> [Int16] {
        let end = notes.map { $0.start + $0.length }.max() ?? 0
        var sum = [Double](repeating: 0, count: rate.frames(in: .milliseconds(end)))
        for note in notes {
            let start = rate.frames(in: .milliseconds(note.start))
            let length = min(rate.frames(in: .milliseconds(note.length)), sum.count - start)
            strike(note.hertz, into: &sum, start..<start + length, rate: rate)
        }
        return sum.map { Int16(($0 * Self.level * 32_767).rounded()) }
    }

    private func strike(_ hertz: Double, into sum: inout [Double], _ range: Range<Int>, rate: SampleRate) {
        let step = Phasor(turns: hertz / Double(rate.hertz))
        let rise = Double(rate.frames(in: .milliseconds(8)))
        let fall = Double(rate.frames(in: .milliseconds(40)))
        var tone = Phasor(turns: 0)
        for index in range {
            let age = Double(index - range.lowerBound)
            let left = Double(range.upperBound - 1 - index)
            let decay = 1 - 0.5 * age / Double(range.count)
            sum[index] += tone.sine * decay * Double(Fade.gain(Float(age / rise)) * Fade.gain(Float(left / fall)))
            tone = tone.turned(by: step)
        }
    }
}

/// A point on the unit circle, because this module imports no C library.
private struct Phasor {
    var cosine: Double
    var sine: Double

    /// - Parameter turns: of the circle, less than a quarter.
    init(turns: Double) {
        let angle = turns * 2 * .pi
        let square = angle * angle
        // The Taylor series, to a millionth within a quarter turn.
        cosine = 1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56 * (1 - square / 90))))
        sine = angle * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72 * (1 - square / 110)))))
    }

    /// One step of the rotation; in half a second the radius drifts by less than 10⁻⁹.
    func turned(by step: Phasor) -> Phasor {
        var next = self
        next.cosine = cosine * step.cosine - sine * step.sine
        next.sine = sine * step.cosine + cosine * step.sine
        return next
    }
}
