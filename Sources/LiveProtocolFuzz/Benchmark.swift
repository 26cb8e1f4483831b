import CAllocationCount
import LiveProtocol
import LiveProtocolFuzzing

/// What one packet up and one message down cost, in time and allocations.
struct Benchmark {
    private let dialect = GeminiDialect()

    /// Prints the table. - Returns: whether both audio paths kept off the heap.
    func run() -> Bool {
        print("path                                      median ns   10–90 % ns         MB/s   allocations each")
        let audioAllocations = [
            voice(samples: 320, "voice packet up, 20 ms (320 samples)"),
            voice(samples: 640, "voice packet up, 40 ms (640 samples)"),
            speech(samples: 960, "speech message down, 40 ms (960 samples)"),
            speech(samples: 5760, "speech message down, 240 ms (11,520 bytes)"),
            speech(samples: 240_000, "speech message down, 10 s in one burst"),
        ]
        message(
            #"{"serverContent":{"outputTranscription":{"text":" and here is a piece of transcript"}}}"#,
            "transcript message down")
        message(
            #"{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":412,"responseTokenCount":61,"totalTokenCount":473,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":412}]}}"#,
            "end of turn with usage, down")
        return audioAllocations.allSatisfy { $0 == 0 }
    }

    private func voice(samples: Int, _ name: String) -> Double {
        let packet = tone(samples)
        var frame: [UInt8] = []
        frame.reserveCapacity(16 * 1024)
        return measure(name, bytes: samples * 2) {
            frame.removeAll(keepingCapacity: true)
            dialect.appendVoice(
                packet.span.extracting(first: samples / 3), packet.span.extracting(droppingFirst: samples / 3),
                to: &frame)
        }
    }

    private func speech(samples: Int, _ name: String) -> Double {
        var frame: [UInt8] = []
        let packet = tone(samples)
        dialect.appendVoice(packet.span, [Int16]().span, to: &frame)
        let data = String(decoding: frame, as: UTF8.self).split(separator: "\"")[11]
        let text = """
            {
              "serverContent": {
                "modelTurn": {
                  "parts": [
                    {
                      "inlineData": {
                        "mimeType": "audio/pcm;rate=24000",
                        "data": "\(data)"
                      }
                    }
                  ]
                }
              }
            }

            """
        return message(text, name, bytes: samples * 2)
    }

    @discardableResult
    private func message(_ text: String, _ name: String, bytes: Int? = nil) -> Double {
        let message = Array(text.utf8)
        let sink = CountingSink()
        var events: [LiveEvent] = []
        events.reserveCapacity(16)
        return measure(name, bytes: bytes ?? message.count) {
            events.removeAll(keepingCapacity: true)
            do { try dialect.decode(message.span, speech: sink, events: &events) } catch { fatalError("\(error)") }
        }
    }

    private func tone(_ count: Int) -> [Int16] {
        var random = SeededGenerator(seed: 1)
        return (0..<count).map { _ in Int16(truncatingIfNeeded: random.next()) }
    }

    /// Runs `body` in 201 batches of about a millisecond and prints the middle one.
    ///
    /// - Returns: allocations of one call, on average.
    private func measure(_ name: String, bytes: Int, _ body: () -> Void) -> Double {
        let clock = ContinuousClock()
        for _ in 0..<100 { body() }
        let once = max(1, (clock.measure { for _ in 0..<100 { body() } } / 100).nanoseconds)
        let repeats = max(1, 1_000_000 / once)
        var batches: [Int] = []
        batches.reserveCapacity(201)
        let before = vv_thread_allocations()
        for _ in 0..<201 {
            batches.append(clock.measure { for _ in 0..<repeats { body() } }.nanoseconds / repeats)
        }
        let allocations = Double(vv_thread_allocations() - before) / Double(201 * repeats)
        batches.sort()
        let median = max(1, batches[100])
        let counted = vv_counts_allocations() ? "\((allocations * 1000).rounded() / 1000)" : "not counted"
        print(
            name.padded(to: 44) + "\(median)".padded(to: 10) + "\(batches[20])–\(batches[180])".padded(to: 18)
                + "\(bytes * 1000 / median)".padded(to: 10) + counted)
        return allocations
    }
}

/// Takes speech as the speech buffer would: one copy into memory that is there already.
private final class CountingSink: MediaSink, @unchecked Sendable {
    private let buffer = UnsafeMutableBufferPointer<Int16>.allocate(capacity: 4096)
    private(set) var position = 0

    func append(_ samples: Span<Int16>, rate: Int) {
        samples.withUnsafeBufferPointer { _ = buffer.update(fromContentsOf: $0) }
        position += samples.count
    }

    func interrupt() {}
    func endOfSpeech() {}
}

extension Duration {
    fileprivate var nanoseconds: Int {
        Int(components.seconds) * 1_000_000_000 + Int(components.attoseconds / 1_000_000_000)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(1, width - count))
    }
}
