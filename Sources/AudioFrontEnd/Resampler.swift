package import AudioCore
import CSpeexDSP

/// Changes the sample rate of a mono stream; keeps filter state from call to call.
///
/// speexdsp at quality 5: measured from 48 to 16 kHz, 7 kHz passes at −0.2 dB, aliases lie at −108 dB, and the delay is
/// constant (docs/BENCHMARKS.md has the figures of this build). The first sample out stands at the time of the first
/// sample in: what the filter needs to look ahead shows as samples that come out later, not as a shift.
///
/// Owned by one thread at a time. Equal rates copy.
package struct Resampler: ~Copyable, @unchecked Sendable {
    // @unchecked: the C state is reached through this value alone, which cannot be copied.
    private let state: OpaquePointer?
    package let from: SampleRate
    package let to: SampleRate
    /// Samples that the filter looks ahead, at the rate of the input: how much later a sample leaves than it came.
    package let lookahead: Int
    /// Input samples for each `divisor` output samples: the ratio in lowest terms.
    private let step: Int
    private let divisor: Int
    private var consumed = 0
    private var produced = 0
    /// What `consumed` was when `finish` began; nil before.
    private var streamLength: Int?

    /// - Parameters:
    ///   - from: the rate of what goes in.
    ///   - to: the rate of what comes out.
    ///   - quality: speexdsp's, 0…10. More is a longer filter: finer and later.
    /// - Throws: when there is no memory, or none for so extreme a ratio.
    package init(from: SampleRate, to: SampleRate, quality: Int = 5) throws(FrontEndError) {
        self.from = from
        self.to = to
        let common = Self.greatestCommonDivisor(from.hertz, to.hertz)
        step = from.hertz / common
        divisor = to.hertz / common
        guard from != to else {
            state = nil
            lookahead = 0
            return
        }
        var code: CInt = 0
        let made = speex_resampler_init(1, UInt32(from.hertz), UInt32(to.hertz), CInt(quality), &code)
        guard let made, code == 0 else {
            throw FrontEndError(.resampler, "no resampler from \(from) to \(to) at quality \(quality)", speex: code)
        }
        state = made
        lookahead = Int(speex_resampler_get_input_latency(made))
        speex_resampler_skip_zeros(made)
    }

    deinit {
        if let state { speex_resampler_destroy(state) }
    }

    /// Takes what it can and gives what fits.
    ///
    /// - Parameters:
    ///   - input: mono, shape `[n]`, at `from`.
    ///   - output: filled from `start` on, at `to`.
    /// - Returns: samples taken, fewer than `n` only when `output` is full, and samples given. What was not taken is
    ///   to be offered again. Whoever offers `inputNeeded(for: m)` samples gets `m`.
    /// - Note: RT safe.
    package mutating func process(
        _ input: Span<Int16>, into output: inout MutableSpan<Int16>, from start: Int = 0
    ) -> (consumed: Int, produced: Int) {
        precondition((0...output.count).contains(start), "output from \(start) of \(output.count)")
        guard let state else { return copy(input, into: &output, from: start) }
        guard !input.isEmpty, start < output.count else { return (0, 0) }
        var taken = UInt32(clamping: input.count)
        var given = UInt32(clamping: output.count - start)
        let code = input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                speex_resampler_process_int(state, 0, input.baseAddress, &taken, output.baseAddress! + start, &given)
            }
        }
        precondition(code == 0, "speexdsp refused valid buffers with code \(code)")
        consumed += Int(taken)
        produced += Int(given)
        return (Int(taken), Int(given))
    }

    /// Input samples to offer so that `count` come out now. RT safe.
    package func inputNeeded(for count: Int) -> Int {
        guard count > 0 else { return 0 }
        return max(0, lookahead + (produced + count - 1) * step / divisor + 1 - consumed)
    }

    /// Gives the samples that still wait for what comes after them, as if silence did: the tail of a file.
    ///
    /// Call it until it returns 0; the output is then as long as the input. Then `reset()` before a new stream.
    ///
    /// - Returns: samples given, from `start` of `output` on.
    package mutating func finish(into output: inout MutableSpan<Int16>, from start: Int = 0) -> Int {
        precondition((0...output.count).contains(start), "output from \(start) of \(output.count)")
        guard let state else { return 0 }
        // `consumed` counts what was fed in here too, so the stream's own length is kept aside at the first call.
        let length = streamLength ?? consumed
        streamLength = length
        let left = (length * divisor + step - 1) / step - produced
        var given = UInt32(clamping: min(output.count - start, left))
        guard given > 0 else { return 0 }
        let silence = [Int16](repeating: 0, count: inputNeeded(for: Int(given)))
        var taken = UInt32(silence.count)
        let code = output.withUnsafeMutableBufferPointer { output in
            speex_resampler_process_int(state, 0, silence, &taken, output.baseAddress! + start, &given)
        }
        precondition(code == 0, "speexdsp refused valid buffers with code \(code)")
        consumed += Int(taken)
        produced += Int(given)
        return Int(given)
    }

    /// Forgets the stream: what comes next has nothing before it. RT safe.
    package mutating func reset() {
        consumed = 0
        produced = 0
        streamLength = nil
        guard let state else { return }
        speex_resampler_reset_mem(state)
        speex_resampler_skip_zeros(state)
    }

    private mutating func copy(
        _ input: Span<Int16>, into output: inout MutableSpan<Int16>, from start: Int
    ) -> (consumed: Int, produced: Int) {
        let count = min(input.count, output.count - start)
        for index in 0..<count { output[start + index] = input[index] }
        consumed += count
        produced += count
        return (count, count)
    }

    private static func greatestCommonDivisor(_ one: Int, _ other: Int) -> Int {
        other == 0 ? one : greatestCommonDivisor(other, one % other)
    }
}
