package import AudioCore
import AudioFrontEnd
import LiveProtocol
import Synchronization

/// Puts decoded speech into the speech buffer, in the buffer's rate.
///
/// The socket thread writes; `position`, `refused`, `dropWaiting`, and holding are for others, too.
package final class SpeechSink: MediaSink {
    private let buffer: SpeechBuffer
    // SAFETY: touched on the socket thread only.
    private nonisolated(unsafe) var writer: SpeechWriter
    private nonisolated(unsafe) var converter: RateConverter?
    private let onChange: @Sendable (SpeechChange) -> Void
    /// Whether more of an answer is on its way, and whether it is wanted. One word, so that the end of an answer and the
    /// wish to stop it cannot miss each other.
    private let answer = Atomic<UInt8>(Answer.none)

    private enum Answer {
        static let none: UInt8 = 0
        static let arriving: UInt8 = 1
        static let unwanted: UInt8 = 2
    }
    private let written: Atomic<Int>

    /// - Parameter onChange: wakes an output that must not wait for its next period, or has none; must not block.
    package init(_ buffer: SpeechBuffer, onChange: @escaping @Sendable (SpeechChange) -> Void = { _ in }) {
        self.buffer = buffer
        self.onChange = onChange
        writer = buffer.makeWriter(onChange: onChange)
        written = Atomic(0)
    }

    package var position: Int { written.load(ordering: .acquiring) }

    /// What came before this position and had not been heard is not played any more. Any thread.
    package var cutPosition: Int { buffer.cutPosition }

    /// Samples that came when minutes of speech waited already, since the beginning. Any thread.
    package var refused: Int { buffer.refused }

    package func append(_ samples: Span<Int16>, rate: Int) {
        let before = answer.compareExchange(
            expected: Answer.none, desired: Answer.arriving, ordering: .acquiringAndReleasing
        ).original
        guard before != Answer.unwanted else { return }
        if converter?.rate != rate { flushConverter() }
        if rate == SampleRate.speech.hertz {
            _ = writer.append(samples)
        } else {
            appendConverted(samples, rate: rate)
        }
        written.store(writer.position, ordering: .releasing)
    }

    package func interrupt() {
        answer.store(Answer.none, ordering: .releasing)
        converter = nil
        writer.interrupt()
    }

    package func endOfSpeech() {
        if answer.load(ordering: .acquiring) == Answer.unwanted { converter = nil }
        flushConverter()
        written.store(writer.position, ordering: .releasing)
        answer.store(Answer.none, ordering: .releasing)
        writer.endOfSpeech()
    }

    /// Stops the answer here and now, before the service knows: what waits is dropped, and so is what still comes of
    /// it, until the service says that it was interrupted or is over (pitfall 52). Any thread.
    ///
    /// - Returns: whether more of the answer was on its way.
    package func dropWaiting() -> Bool {
        let moreComes = answer.compareExchange(
            expected: Answer.arriving, desired: Answer.unwanted, ordering: .acquiringAndReleasing
        ).exchanged
        buffer.dropWaiting()
        onChange(.interruption)
        return moreComes
    }

    /// Silences the output at once and keeps what has not been heard, until `letGoOn`, `dropWaiting` or the service's
    /// interruption (pitfall 41). An interruption may come just before: whoever is told of one lets go on. Any thread.
    package func hold() {
        buffer.hold()
        onChange(.hold)
    }

    /// Goes on with the first sample that was not heard. Any thread.
    package func letGoOn() { buffer.letGoOn() }

    /// Whether speech is held: nobody speaks then, and the answer is not over. Any thread.
    package var isHeld: Bool { buffer.isHeld }

    /// A service that speaks at another rate than it usually does says so in the MIME type (pitfall 31).
    private func appendConverted(_ samples: Span<Int16>, rate: Int) {
        if converter == nil { converter = RateConverter(rate: rate) }
        guard let converted = converter?.convert(samples) else { return }
        _ = writer.append(converted.span)
    }

    /// The last milliseconds, which waited for what comes after them.
    private func flushConverter() {
        guard let converter else { return }
        let tail = converter.finish()
        self.converter = nil
        if !tail.isEmpty { _ = writer.append(tail.span) }
    }
}

/// From an unusual rate to the buffer's; allocates, which the socket thread may.
private final class RateConverter {
    let rate: Int
    private var resampler: Resampler

    /// Nil for a rate that no speech has.
    init?(rate: Int) {
        guard (4_000...192_000).contains(rate),
            let resampler = try? Resampler(from: SampleRate(hertz: rate), to: .speech)
        else { return nil }
        self.rate = rate
        self.resampler = resampler
    }

    func convert(_ samples: Span<Int16>) -> [Int16] {
        let room = samples.count * SampleRate.speech.hertz / rate + 64
        var converted = [Int16](repeating: 0, count: room)
        var span = converted.mutableSpan
        let produced = resampler.process(samples, into: &span).produced
        converted.removeLast(room - produced)
        return converted
    }

    /// The end of the stream: with it, as much has come out as went in. Nothing can be converted after.
    func finish() -> [Int16] {
        let room = resampler.lookahead * SampleRate.speech.hertz / rate + 64
        var tail: [Int16] = []
        while true {
            var samples = [Int16](repeating: 0, count: room)
            var span = samples.mutableSpan
            let produced = resampler.finish(into: &span)
            guard produced > 0 else { return tail }
            tail += samples.prefix(produced)
        }
    }
}
