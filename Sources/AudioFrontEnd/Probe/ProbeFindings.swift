/// What a probe has found out about a pair of devices, and whether one can speak into the answer with them.
package struct ProbeFindings: Equatable, Sendable {
    /// The microphone hears the loudspeaker.
    package struct Echo: Equatable, Sendable {
        /// From a chirp's leaving, as the output reports it, to its being captured, as the input reports it; the
        /// median of those chirps that agree, ms. Below zero when a device reports wrongly.
        package var delay: Double
        /// How far apart all chirps' delays lie, ms: more than a few, and the path is not steady.
        package var spread: Double
        /// How far below the played level it is heard, dB; below zero when it is louder.
        package var below: Double
        /// Nil when the lag did not change in a straight line, or too little was heard.
        package var drift: Drift?
        /// How much quieter it is in what would be sent, dB (ERLE of all stages): in the noise's first three seconds,
        /// and in its last five.
        package var early: Double
        package var settled: Double
        /// What then is left of it, over the noise floor, dB.
        package var leftOverNoise: Double

        /// Clocks that drift apart move it by less in the time.
        package var isSteady: Bool { spread < 10 }

        package init(
            delay: Double, spread: Double, below: Double, drift: Drift?, early: Double, settled: Double,
            leftOverNoise: Double
        ) {
            self.delay = delay
            self.spread = spread
            self.below = below
            self.drift = drift
            self.early = early
            self.settled = settled
            self.leftOverNoise = leftOverNoise
        }
    }

    /// How much faster the loudspeaker's clock runs than the microphone's, parts in a million.
    package struct Drift: Equatable, Sendable {
        package var value: Double
        /// It may be off by so much either way, as the pieces of the sound lie off a straight line.
        package var uncertainty: Double

        package init(value: Double, uncertainty: Double) {
            self.value = value
            self.uncertainty = uncertainty
        }
    }

    /// What stands against speaking into the answer, the gravest last.
    package enum Problem: String, Equatable, Sendable, CaseIterable {
        /// The microphone, or what is before its converter, is overdriven, and nothing can take away what that adds.
        case clipping
        /// The echo was taken for a voice once, likely while the canceller was settling.
        case firesOnce
        /// It was so more than once in ten seconds.
        case fires
        /// Something was heard while the loudspeaker played, and no chirp in it.
        case unclear
        /// The canceller does not get the echo under control.
        case uncancelled
    }

    /// Share of samples at full scale that counts as overdriven.
    private static let clippingLimit = 1e-3

    /// A microphone that gets louder by so much when the loudspeaker does, dB, hears something.
    private static let riseLimit = 10.0

    /// Nil when no chirp was heard: headphones, or a device that cancels by itself, unless there is a `rise`.
    package var echo: Echo?
    /// Before anything was played, dBFS.
    package var noiseFloor: Double
    /// How much louder the microphone was while the noise was played, dB.
    package var rise: Double
    /// Share of the microphone's samples at full scale while the noise was played, 0 … 1.
    package var clipped: Double
    /// Times that the noise would have been taken for somebody who speaks into the answer.
    package var falseBargeIns: Int
    /// The same, for each minute.
    package var falseBargeInsPerMinute: Double
    package var canceller: EchoStatus.Reading

    package init(
        echo: Echo?, noiseFloor: Double, rise: Double, clipped: Double, falseBargeIns: Int,
        falseBargeInsPerMinute: Double,
        canceller: EchoStatus.Reading
    ) {
        self.echo = echo
        self.noiseFloor = noiseFloor
        self.rise = rise
        self.clipped = clipped
        self.falseBargeIns = falseBargeIns
        self.falseBargeInsPerMinute = falseBargeInsPerMinute
        self.canceller = canceller
    }

    package var problems: [Problem] {
        Problem.allCases.filter { problem in
            switch problem {
            case .clipping: clipped > Self.clippingLimit
            case .firesOnce: falseBargeIns == 1
            case .fires: falseBargeIns > 1
            case .unclear: echo == nil && rise > Self.riseLimit
            case .uncancelled: echo.map(isUncancelled) ?? false
            }
        }
    }

    /// Less than 10 dB is taken away, and what is left stands out.
    private func isUncancelled(_ echo: Echo) -> Bool {
        canceller.grade == .halfDuplex || echo.settled < 10 && echo.leftOverNoise > 6
    }
}

/// Why a probe has found out nothing.
package enum ProbeFailure: Error, Equatable, Sendable {
    /// The output took nothing of the sound: the volume is 0.
    case nothingPlayed
    /// The microphone brought zeros, or next to it.
    case nothingCaptured
}
