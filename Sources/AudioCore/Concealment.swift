/// Keeps a gap in speech from clicking: what is missing begins as an echo of the last pitch period and dies away, and
/// what goes on behind a gap fades in over it.
///
/// As in packet loss concealment by waveform substitution (ITU-T G.711, appendix I), without its delay: the period is
/// the lag of the highest normalised correlation in the last samples. Speech without a gap passes unchanged. Lives on
/// the playback thread, before the resampler; everything here is RT safe.
package struct Concealment: ~Copyable, Sendable {
    private static var historySize: Int { 1_024 }
    private static var longestLag: Int { 400 }

    /// What was played last; the newest at `count - 1`, modulo the size.
    private var history = [1_024 of Int16](repeating: 0)
    /// Samples of speech since it was last silent.
    private var count = 0
    /// One pitch period, blended so that it may follow itself.
    private var period = [400 of Float](repeating: 0)
    private var lag = 1
    /// From the last sample played to the first of the echo; taken up by a ramp.
    private var jump: Float = 0
    /// Samples of the echo so far; nil when there is no gap.
    private var echoed: Int?
    /// Samples that the echo lasts.
    private var echoLength = 0
    /// Samples of speech that are still faded in.
    private var fadeLeft = 0

    private let fadeLength: Int
    private let longestEcho: Int
    private let lags: ClosedRange<Int>
    private let window: Int

    /// - Parameter rate: of the speech.
    package init(rate: SampleRate) {
        fadeLength = max(1, rate.frames(in: .milliseconds(5)))
        longestEcho = rate.frames(in: .milliseconds(30))
        // Voices between 66 and 400 Hz.
        let longest = max(2, min(Self.longestLag, rate.hertz / 66))
        lags = max(1, min(longest, rate.hertz / 400))...longest
        window = min(rate.frames(in: .milliseconds(20)), Self.historySize - longest - 1)
    }

    /// Makes one period of the stream whole.
    ///
    /// - Parameters:
    ///   - samples: speech at the front of `range`, as `reading` says; the rest is filled in here.
    ///   - range: of the period.
    package mutating func complete(
        _ samples: inout MutableSpan<Int16>, in range: Range<Int>, after reading: SpeechReading
    ) {
        let end = range.lowerBound + reading.positions.count
        if reading.resumes { fadeLeft = fadeLength }
        for index in range.lowerBound..<end { play(&samples[index]) }
        guard end < range.upperBound else { return }
        if reading.isTorn, echoed == nil, count > 0 { beginEcho() }
        for index in end..<range.upperBound { samples[index] = Int16(nextOfEcho()) }
        if echoed == nil || echoed! >= echoLength { count = 0 }
    }

    /// What was played last was dropped: nothing goes on from there.
    package mutating func forget() {
        count = 0
        echoed = nil
        fadeLeft = 0
    }

    private mutating func play(_ sample: inout Int16) {
        if fadeLeft > 0 {
            let gain = Fade.gain(Float(fadeLength + 1 - fadeLeft) / Float(fadeLength + 1))
            sample = Int16(Float(sample) * gain + nextOfEcho() * (1 - gain))
            fadeLeft -= 1
        }
        if fadeLeft == 0 { echoed = nil }
        history[count % Self.historySize] = sample
        count += 1
    }

    /// Whole numbers, within 16 bits.
    private mutating func nextOfEcho() -> Float {
        guard let done = echoed, done < echoLength else { return 0 }
        echoed = done + 1
        let ramp = 1 - Fade.gain(Float(done + 1) / Float(fadeLength))
        let gain = 1 - Fade.gain(Float(done + 1) / Float(echoLength + 1))
        return max(-32_768, min(32_767, ((period[done % lag] + jump * ramp) * gain).rounded()))
    }

    private mutating func beginEcho() {
        echoed = 0
        echoLength = longestEcho
        guard count > lags.upperBound + window else {  // too little to know a period of: the last sample dies away
            lag = 1
            period[0] = past(0)
            jump = 0
            echoLength = fadeLength
            return
        }
        lag = pitch()
        // The last quarter leads over to what came before the period, which is where it begins again.
        let blended = max(1, lag / 4)
        for index in 0..<lag {
            let weight = max(0, Float(index - (lag - blended) + 1) / Float(blended))
            period[index] = past(lag - 1 - index) * (1 - weight) + past(2 * lag - 1 - index) * weight
        }
        jump = past(0) - past(lag)
    }

    /// The sample played `age` samples before the newest.
    private func past(_ age: Int) -> Float { Float(history[(count - 1 - age) % Self.historySize]) }

    /// The lag at which the last samples are most like those before them.
    private func pitch() -> Int {
        var best = (lag: lags.upperBound, score: -Float.infinity)
        for lag in lags {
            var product: Float = 0
            var energy: Float = 1
            for age in stride(from: 0, to: window, by: 4) {
                let before = past(age + lag)
                product += past(age) * before
                energy += before * before
            }
            let score = product * product.magnitude / energy
            if score > best.score { best = (lag, score) }
        }
        return best.lag
    }
}
