import Assistant
import AudioCore
import Events
import LiveProtocol
import LiveSession
import TestKit
import Testing

@testable import Rehearsal

/// When a line was said and what was heard of it, through the engine and the playback clock.
@Suite("When a line was said, through the engine", .timeLimit(.minutes(5)))
struct LineTimesTests {
    private static let period = 480

    /// Plays in periods of 20 ms, one of which the device holds.
    private func play(_ samples: Int, on stage: EngineStage) {
        for _ in 0..<samples / Self.period {
            stage.playOut(Self.period)
            stage.clock.advance(by: .milliseconds(20))
        }
    }

    private func wall(_ stage: EngineStage) -> Int64 { 1_000_000 + Int64(stage.clock.elapsed / .milliseconds(1)) }

    private func finalLine(_ stage: EngineStage, of speaker: Party) async -> TranscriptLine? {
        await stage.events.next { $0.finalLine?.speaker == speaker }?.finalLine
    }

    @Test("question and answer carry the times of the voice and of the loudspeaker, on the wall clock")
    func exchange() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            stage.deepen(to: Self.period)
            await stage.pass(.seconds(2))
            let asked = wall(stage)
            stage.hears(true)
            stage.clock.advance(by: .milliseconds(800))
            stage.hears(false)
            await stage.pass(.milliseconds(700))
            connection.says(#"{"serverContent":{"inputTranscription":{"text":"what time is it"}}}"#)
            connection.says(
                speechMessage(24_000, before: #""outputTranscription":{"text":"It is one o'clock."},"#))
            connection.says(speechMessage(24_000, before: #""outputTranscription":{"text":" And all is well."},"#))
            connection.says(#"{"serverContent":{"turnComplete":true}}"#)
            _ = await stage.events.next { if case .turnStarted(_, .model) = $0 { true } else { false } }
            let answered = wall(stage)
            play(24_000, on: stage)
            stage.clock.advance(by: .seconds(1))  // the device stands still, and nobody hears anything
            play(24_000, on: stage)
            stage.deepen(to: 0)
            stage.playOut(0)
            await stage.pass(.seconds(5))
            var lines: [TranscriptLine] = []
            while lines.count < 2, let line = await stage.events.next({ $0.finalLine != nil })?.finalLine {
                lines.append(line)
            }
            let question = lines.first { $0.speaker == .user }
            #expect((question?.begin, question?.end) == (asked, asked + 800))
            let answer = lines.first { $0.speaker == .model }
            #expect(answer?.text == "It is one o'clock. And all is well.")
            #expect(abs((answer?.begin ?? 0) - answered) <= 20)
            #expect(abs((answer?.end ?? 0) - (answered + 3_000)) <= 40)
            #expect(answer?.marks.last?.characters == 35)
            #expect(abs((answer?.marks.last?.milliseconds ?? 0) - 3_000) <= 40)
        }
    }

    @Test("a typed line was said when it was typed")
    func typed() async {
        let stage = EngineStage()
        _ = await stage.play { stage in
            _ = await stage.goLive()
            await stage.pass(.seconds(2))
            let asked = wall(stage)
            stage.engine.perform(.say("hello"))
            let line = await finalLine(stage, of: .user)
            #expect(line?.isTyped == true)
            #expect((line?.begin, line?.end) == (asked, asked))
        }
    }

    @Test(
        "forty answers cut at random: what the line says was heard is what was, to 150 ms nearly always, and to a word always"
    )
    func heardText() async throws {
        let stage = EngineStage()
        let sentences = [
            "Once upon a time a small harbour town kept its lamp burning for the boats that came home late.",
            "The keeper was an old sailor, who knew every voice on the water.",
        ]
        var spoken: [AnswerDelivery.Sentence] = []
        for sentence in sentences { spoken.append(try await Voice.shared.speak(sentence, as: nil)) }
        let answer = spoken
        let errors = Errors()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            stage.deepen(to: Self.period)
            var random = Rehearsal.SeededRandom(seed: 46)
            for turn in 0..<40 {
                var delivery = AnswerDelivery(
                    id: turn, burst: .factor(4), chunkMilliseconds: 40...120, combinesMembers: turn.isMultiple(of: 2))
                for sentence in answer { delivery.add(sentence, now: .zero, random: &random) }
                let total = answer.reduce(0) { $0 + $1.samples.count }
                let cut = Int.random(in: 24_000..<total, using: &random) / Self.period * Self.period
                // The service is a quarter ahead of the listener when it is interrupted, as far as there is more.
                while delivery.sentMilliseconds * 24 < cut * 5 / 4 + 24_000,
                    let item = delivery.next(now: .seconds(600))
                {
                    connection.says(item)
                }
                _ = await stage.events.next { if case .turnStarted(_, .model) = $0 { true } else { false } }
                await stage.hasObeyed()
                play(cut + Self.period, on: stage)
                connection.says(#"{"serverContent":{"interrupted":true}}"#)
                connection.says(#"{"serverContent":{"turnComplete":true}}"#)
                _ = await stage.events.next { if case .turnCompleted(_, .model, _, _) = $0 { true } else { false } }
                stage.playOut(Self.period)
                await stage.pass(.seconds(3))
                let line = await finalLine(stage, of: .model)
                await errors.add(heard: line?.heard ?? "", cut: cut / 24, in: answer)
            }
        }
        let all = await errors.all.sorted()
        #expect(all.count { abs($0) <= 150 } >= 36)
        #expect(all.allSatisfy { abs($0) <= 250 })
    }
}

/// By how much claims of what was heard were off, in milliseconds of speech.
private actor Errors {
    private(set) var all: [Int] = []

    /// - Parameter cut: where the answer was cut, in milliseconds of it.
    func add(heard: String, cut: Int, in answer: [AnswerDelivery.Sentence]) {
        // Where each word begins and ends; a sentence ends in silence.
        var words: [(start: Int, end: Int)] = []
        var offset = 0
        for sentence in answer {
            let end = (sentence.samples.lastIndex { $0.magnitude > 300 } ?? 0) / 24
            for (word, next) in zip(sentence.words, sentence.words.dropFirst().map(\.start) + [end]) {
                words.append((word.start + offset, next + offset))
            }
            offset += sentence.samples.count / 24
        }
        // So many words are right from the end of the last of them to the end of the next.
        let count = heard.split(separator: " ").count
        let from = count > 0 ? words[count - 1].end : 0
        let to = count < words.count ? words[count].end : offset
        all.append(cut < from ? from - cut : cut > to ? to - cut : 0)
    }
}

extension FakeConnection {
    fileprivate func says(_ item: AnswerDelivery.Item) {
        func words(_ text: String) -> String { #""outputTranscription":{"text":"\#(text)"}"# }
        switch item {
        case .speech(let samples, let transcript):
            says(speechMessage(samples, before: transcript.map { words($0) + "," } ?? ""))
        case .transcript(let text), .text(let text): says(#"{"serverContent":{\#(words(text))}}"#)
        }
    }
}
