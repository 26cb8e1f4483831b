import Foundation
import Testing

@testable import Rehearsal

@Suite("Sound", .timeLimit(.minutes(5)))
struct SoundTests {
    @Test(
        "a tone keeps its pitch and 60 dB of purity through each conversion in use",
        arguments: [
            (22_050, 24_000), (44_100, 16_000), (48_000, 16_000), (24_000, 16_000), (8_000, 16_000),
        ])
    func converterKeepsTones(from: Int, to: Int) {
        var converter = RateConverter(from: from, to: to)
        let input = tone(hertz: 1_000, rate: from, milliseconds: 500)
        var output: [Int16] = []
        for start in stride(from: 0, to: input.count, by: 441) {
            output += converter.convert(Array(input[start..<min(start + 441, input.count)]))
        }
        let body = output.dropFirst(to / 50).dropLast(to / 50).map(Double.init)
        // Least squares on sine and cosine of the right frequency; what is left over is noise.
        let angles = body.indices.map { 2 * .pi * 1_000 * Double($0) / Double(to) }
        let sine = zip(body, angles).map { $0 * sin($1) }.reduce(0, +) * 2 / Double(body.count)
        let cosine = zip(body, angles).map { $0 * cos($1) }.reduce(0, +) * 2 / Double(body.count)
        let signal = (sine * sine + cosine * cosine) / 2
        let noise = zip(body, angles).map { pow($0 - sine * sin($1) - cosine * cos($1), 2) }.reduce(0, +)
        #expect(10 * log10(signal * Double(body.count) / noise) > 60)
        #expect(abs(signal.squareRoot() * 2.0.squareRoot() - 16_000) < 160)
    }

    @Test("the converter's output is as long as its input, however it is cut", arguments: [1, 160, 441, 22_050])
    func converterLength(block: Int) {
        var converter = RateConverter(from: 22_050, to: 24_000)
        let input = tone(hertz: 300, rate: 22_050, milliseconds: 1_000)
        var output: [Int16] = []
        for start in stride(from: 0, to: input.count, by: block) {
            output += converter.convert(Array(input[start..<min(start + block, input.count)]))
        }
        output += converter.finish([])
        #expect((23_990...24_050).contains(output.count))
    }

    @Test("silence and steady noise open nothing; a voice over noise opens within 100 ms, and closes after its silence")
    func gate() {
        var gate = VoiceGate(SetupRequest.Detection())
        let nothing = gate.hear(silence(milliseconds: 2_000))
        #expect(nothing.isEmpty)
        let hum = tone(hertz: 50, rate: 16_000, milliseconds: 3_000, amplitude: 60)
        let humming = gate.hear(hum)
        #expect(humming.isEmpty)
        let edges = gate.hear(voice(milliseconds: 500) + silence(milliseconds: 1_000))
        #expect(edges == [.started(offset: 80_000), .ended(offset: 80_000 + 500 * 16 + 700 * 16)])
    }

    @Test("detection follows its settings", arguments: [(100, 300), (300, 1_500)])
    func gateSettings(padding: Int, silenceMilliseconds: Int) {
        var detection = SetupRequest.Detection()
        detection.prefixPaddingMilliseconds = padding
        detection.silenceMilliseconds = silenceMilliseconds
        var gate = VoiceGate(detection)
        let tooShort = gate.hear(voice(milliseconds: padding - 10) + silence(milliseconds: 100))
        #expect(tooShort.isEmpty)
        let started = gate.hear(voice(milliseconds: padding + 10) + silence(milliseconds: silenceMilliseconds - 20))
        #expect(started.count == 1)
        let ended = gate.hear(silence(milliseconds: 30))
        #expect(ended.count == 1)
    }

    @Test("a quiet voice is noticed by the eager setting only")
    func gateSensitivity() {
        let quiet = voice(milliseconds: 500).map { $0 / 20 }
        var eager = VoiceGate(SetupRequest.Detection())
        var detection = SetupRequest.Detection()
        detection.startsEagerly = false
        var reluctant = VoiceGate(detection)
        let noticed = eager.hear(quiet)
        #expect(noticed.count == 1)
        let missed = reluctant.hear(quiet)
        #expect(missed.isEmpty)
    }

    @Test("speech leaves in pieces of the size asked for, at the pace asked for, its words a little ahead")
    func delivery() throws {
        var random = SeededRandom(seed: 1)
        var delivery = AnswerDelivery(id: 1, burst: .factor(2), chunkMilliseconds: 100...100, combinesMembers: false)
        let words = (0..<10).map { AnswerDelivery.Sentence.Word(text: "w\($0)", start: $0 * 100) }
        let samples = [Int16](repeating: 1, count: 24_000)
        delivery.add(.init(text: "", samples: samples, words: words), now: .zero, random: &random)
        delivery.complete()
        let first = (0..<3).map { _ in delivery.next(now: .zero) }
        #expect(
            first == [
                .transcript("w0 w1 w2 w3 "), .speech([Int16](repeating: 1, count: 2_400), transcript: nil), nil,
            ])
        #expect(delivery.nextDue == .milliseconds(50))
        while delivery.next(now: .milliseconds(450)) != nil {}
        #expect(delivery.isEmpty)
        #expect(delivery.sentMilliseconds == 1_000)
        #expect(delivery.playbackEnd(now: .milliseconds(450)) == .seconds(1))
        #expect(delivery.sentText.split(separator: " ").count == 10)
    }

    @Test("the voice speaks at 24 kHz, and knows when each word starts")
    func voiceSpeaks() async throws {
        let sentence = try await Voice.shared.speak("The sky is blue.", as: "Kore")
        #expect((0.8...3).contains(Double(sentence.samples.count) / 24_000))
        #expect(sentence.words.map(\.text) == ["The", "sky", "is", "blue."])
        let starts = sentence.words.map(\.start)
        #expect(starts == starts.sorted() && starts[3] > 200)
        #expect(sentence.samples.map { abs(Int($0)) }.max() ?? 0 > 3_000)
    }
}
