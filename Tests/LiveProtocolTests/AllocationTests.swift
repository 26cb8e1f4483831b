import CAllocationCount
import LiveProtocol
import Synchronization
import Testing

/// Both directions of audio leave the heap alone, also without optimisation.
@Suite("Allocations of the audio paths", .timeLimit(.minutes(5)), .enabled(if: vv_counts_allocations()))
struct AllocationTests {
    /// Counts speech and forgets it.
    private final class NullSink: MediaSink {
        private let taken = Atomic(0)
        var position: Int { taken.load(ordering: .relaxed) }
        func append(_ samples: Span<Int16>, rate: Int) { taken.add(samples.count, ordering: .relaxed) }
        func interrupt() {}
        func endOfSpeech() {}
    }

    private func allocations(of body: () -> Void) -> UInt64 {
        body()  // what is made once, such as tables, is made now
        let before = vv_thread_allocations()
        body()
        return vv_thread_allocations() - before
    }

    @Test("the counter sees an allocation")
    func counter() {
        #expect(allocations { _ = [UInt8](repeating: 1, count: 100_000).count } > 0)
    }

    @Test("a voice packet is encoded into a frame with room without any")
    func voice() {
        let dialect = GeminiDialect()
        let samples = [Int16](repeating: 7, count: 320)
        var frame: [UInt8] = []
        frame.reserveCapacity(2048)
        let count = allocations {
            frame.removeAll(keepingCapacity: true)
            dialect.appendVoice(
                samples.span.extracting(first: 100), samples.span.extracting(droppingFirst: 100), to: &frame)
        }
        #expect(count == 0)
    }

    @Test("a speech message is decoded into events with room without any", arguments: [960, 5760])
    func speech(samples: Int) {
        let dialect = GeminiDialect()
        let data = String(repeating: "AQAC", count: samples / 3 * 2)
        let message = Array(
            #"{ "serverContent": { "modelTurn": { "role": "model", "parts": [ { "inlineData": { "mimeType": "audio/pcm;rate=24000", "data": "\#(data)" } } ] } } }"#
                .utf8)
        let sink = NullSink()
        var events: [LiveEvent] = []
        events.reserveCapacity(4)
        let count = allocations {
            events.removeAll(keepingCapacity: true)
            try? dialect.decode(message.span, speech: sink, events: &events)
        }
        #expect(events == [.speech(samples: samples)])
        #expect(count == 0)
    }
}
