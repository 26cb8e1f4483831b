import Foundation
import LiveProtocol
import LiveProtocolFuzzing
import Testing

@Suite("Encoding voice", .timeLimit(.minutes(5)))
struct VoiceEncodingTests {
    private static let prefix = #"{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":""#

    /// The message that Foundation's base64 makes of the samples.
    private func expected(_ samples: [Int16]) -> String {
        let bytes = samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        return Self.prefix + Data(bytes).base64EncodedString() + #""}}}"#
    }

    private func encoded(_ first: [Int16], _ second: [Int16], after frame: [UInt8] = []) -> String {
        var frame = frame
        GeminiDialect().appendVoice(first.span, second.span, to: &frame)
        return String(decoding: frame, as: UTF8.self)
    }

    @Test("a packet is one message with the samples' little-endian bytes in it")
    func packet() {
        #expect(encoded([1, -1, .min], [.max]) == Self.prefix + #"AQD//wCA/38="}}}"#)
        #expect(encoded([], []) == Self.prefix + #""}}}"#)
    }

    @Test("wherever the ring's seam cuts the samples, the message is the same")
    func seams() {
        var random = SeededGenerator(seed: 16_000)
        let samples = (0..<40).map { _ in Int16.random(in: .min ... .max, using: &random) }
        for count in 0...samples.count {
            for seam in 0...count {
                let message = encoded(Array(samples[..<seam]), Array(samples[seam..<count]))
                #expect(message == expected(Array(samples[..<count])))
            }
        }
    }

    @Test("every sample value is encoded right")
    func allValues() {
        let samples = (Int(Int16.min)...Int(Int16.max)).map { Int16($0) }
        #expect(encoded(Array(samples[..<1001]), Array(samples[1001...])) == expected(samples))
    }

    @Test("the frame's own bytes stay in front")
    func appends() {
        #expect(encoded([7], [8], after: Array("head".utf8)) == "head" + expected([7, 8]))
    }

    @Test("what is encoded decodes to itself, in either alphabet, with and without padding (invariant 1)")
    func roundTrip() {
        var random = SeededGenerator(seed: 24_000)
        for count in [0, 1, 2, 3, 4, 5, 319, 320, 960, 1535, 1536, 1537, 5760] {
            let samples = (0..<count).map { _ in Int16.random(in: .min ... .max, using: &random) }
            let message = encoded(samples, [])
            let data = message.dropFirst(Self.prefix.count).dropLast(4)
            let standard = String(data)
            let urlSafe = standard.replacing("+", with: "-").replacing("/", with: "_")
            for text in [standard, urlSafe, standard.replacing("=", with: ""), urlSafe.replacing("=", with: "")] {
                let decoded = decode(
                    #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":"\#(text)"}}]}}}"#
                )
                #expect(decoded.failure == nil)
                #expect(decoded.samples == samples)
            }
        }
    }
}
