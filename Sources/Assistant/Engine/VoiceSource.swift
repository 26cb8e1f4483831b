package import AudioCore
import LiveProtocol

/// The far end of the voice ring, as a dialect's line wants it. Exclusive access is its `Voice`'s affair.
package final class VoiceSource: MediaSource {
    // SAFETY: `Voice` lets one thread in at a time, with acquire and release between them.
    private nonisolated(unsafe) var consumer: SampleConsumer

    package init(_ ring: SampleRing) { consumer = ring.makeConsumer() }

    package var available: Int { consumer.available }
    package var position: Int { consumer.position }

    package func take(_ count: Int, _ body: (Span<Int16>, Span<Int16>) -> Void) {
        consumer.withSpans(count, body)
        consumer.consume(count)
    }

    package func keepNewest(_ count: Int) -> Int { consumer.skip(max(0, consumer.available - count)) }
}
