package import AudioCore

/// What is played to measure an echo: two chirps, speech-like noise, two chirps, with pauses in which the room falls
/// silent.
package struct ProbeSound: Equatable, Sendable {
    /// How long after it was played a chirp may still be heard: the pauses are as long.
    package static let longestDelay = Duration.milliseconds(700)
    private static let chirp = Duration.milliseconds(250)

    /// Mono, shape `[n]`.
    package let samples: [Int16]
    package let rate: SampleRate
    /// Where each chirp begins.
    package let chirps: [Duration]
    package let speech: Range<Duration>

    /// - Parameter speech: how long the noise lasts; the canceller has to settle in it.
    package init(rate: SampleRate, speech length: Duration = .seconds(10)) {
        let chirp = Chirp(rate: rate, duration: Self.chirp).samples
        var noise = SpokenNoise(rate: rate)
        var samples: [Int16] = []
        var chirps: [Duration] = []
        func pause(_ length: Duration) { samples += Array(repeating: 0, count: rate.frames(in: length)) }
        func pairOfChirps() {
            for _ in 0..<2 {
                chirps.append(rate.duration(of: samples.count))
                samples += chirp
                pause(Self.longestDelay)
            }
        }
        pause(.milliseconds(500))
        pairOfChirps()
        let start = rate.duration(of: samples.count)
        samples += noise.make(lasting: length)
        speech = start..<rate.duration(of: samples.count)
        pause(Self.longestDelay)
        pairOfChirps()
        self.samples = samples
        self.rate = rate
        self.chirps = chirps
    }

    package var length: Duration { rate.duration(of: samples.count) }
}
