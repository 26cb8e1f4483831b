import Foundation

/// A recording heard as a client's microphone would be: cut into utterances, each understood by itself.
package enum RecordedSpeech {
    /// One utterance of a recording.
    package struct Utterance: Sendable {
        /// When it starts, in the recording.
        package let start: Duration
        package let hearing: Hearing
        /// The nearest sentence that the ears know, believed or not.
        package let guess: String
        /// What the guess would ask for; nil when there is none.
        package var intent: String? { Intent.of(guess)?.rawValue }
        /// The measures that the belief rests on, by name; empty when there was nothing to measure.
        package let evidence: [(name: String, value: Double)]
        /// How long the ears took.
        package let took: Duration
    }

    /// - Parameter path: a WAV file of 16-bit PCM, any rate and channel count; channels are mixed.
    /// - Throws: `.file` for what is no such file, `.speech` when the models are missing.
    package static func utterances(in path: String, ears: Ears) async throws(RehearsalError) -> [Utterance] {
        let samples = try read(path)
        // The quiet that would follow on a live line lets the gate close.
        let padded = samples + [Int16](repeating: 0, count: 2 * VoiceGate.rate)
        var gate = VoiceGate(SetupRequest.Detection())
        var found: [Utterance] = []
        var start = 0
        for edge in gate.hear(padded) {
            switch edge {
            case .started(let offset): start = max(0, offset - RehearsalSession.preroll)
            case .ended(let offset):
                let clock = ContinuousClock()
                let began = clock.now
                let impression = try await ears.listen(to: Array(padded[start..<offset]))
                found.append(
                    Utterance(
                        start: .milliseconds(start * 1_000 / VoiceGate.rate), hearing: impression.hearing,
                        guess: impression.guess, evidence: impression.evidence?.measures ?? [],
                        took: began.duration(to: clock.now)))
            }
        }
        return found
    }

    /// - Returns: 16 kHz mono.
    private static func read(_ path: String) throws(RehearsalError) -> [Int16] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RehearsalError(.file, "cannot read \(path)")
        }
        let bytes = [UInt8](data)
        func number(_ offset: Int, _ size: Int) -> Int {
            (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        guard bytes.count >= 12, bytes.starts(with: "RIFF".utf8), bytes[8..<12].elementsEqual("WAVE".utf8) else {
            throw RehearsalError(.file, "\(path) is no WAV file")
        }
        var format: (channels: Int, rate: Int)?
        var offset = 12
        while offset + 8 <= bytes.count {
            let size = number(offset + 4, 4)
            let body = offset + 8
            if bytes[offset..<offset + 4].elementsEqual("fmt ".utf8), size >= 16, body + 16 <= bytes.count {
                guard number(body, 2) == 1, number(body + 14, 2) == 16, number(body + 2, 2) > 0, number(body + 4, 4) > 0
                else { throw RehearsalError(.file, "\(path) holds no 16-bit PCM") }
                format = (channels: number(body + 2, 2), rate: number(body + 4, 4))
            }
            if bytes[offset..<offset + 4].elementsEqual("data".utf8), let format {
                let frameSize = 2 * format.channels
                // A pipe's writer does not know the size and leaves a huge one.
                let count = min(size, bytes.count - body) / frameSize
                let mixed = (0..<count).map { frame -> Int16 in
                    let sum = (0..<format.channels).reduce(0) { sum, channel in
                        sum + Int(Int16(truncatingIfNeeded: number(body + frame * frameSize + 2 * channel, 2)))
                    }
                    return Int16(sum / format.channels)
                }
                var converter = RateConverter(from: format.rate, to: VoiceGate.rate)
                return converter.finish(mixed)
            }
            offset = body + size + size % 2
        }
        throw RehearsalError(.file, "\(path) holds no sound")
    }
}
