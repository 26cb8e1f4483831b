import Testing

@testable import Rehearsal

/// A few sentences only; scripts/measure-ears measures over some nine hundred recordings.
@Suite("Ears", .serialized, .timeLimit(.minutes(5)))
struct EarsTests {
    static let recordings = [
        "Front_Center", "Front_Left", "Front_Right", "Rear_Center", "Rear_Left", "Rear_Right", "Side_Left",
        "Side_Right",
    ]

    @Test("a person's recordings are understood, all eight of them")
    func person() async throws {
        let ears = Ears.shared
        for name in Self.recordings {
            let found = try await RecordedSpeech.utterances(in: "/usr/share/sounds/alsa/\(name).wav", ears: ears)
            #expect(found.map(\.hearing) == [.words(name.lowercased().replacing("_", with: " "))])
        }
    }

    @Test("recorded noise and silence are not taken for speech")
    func noise() async throws {
        let ears = Ears.shared
        let found = try await RecordedSpeech.utterances(in: "/usr/share/sounds/alsa/Noise.wav", ears: ears)
        #expect(found.allSatisfy { $0.hearing == .nothing })
        #expect(try await ears.understand(silence(milliseconds: 500)) == .nothing)
        #expect(try await ears.understand([]) == .nothing)
        #expect(try await ears.understand(voice(milliseconds: 30_000)) == .unclear)
        #expect(try await ears.understand(tone(hertz: 440, rate: 16_000, milliseconds: 1_000)) != .words("hello"))
    }

    @Test("synthesised questions are understood, in several voices")
    func questions() async throws {
        let ears = Ears.shared
        let asked: [(String, Intent)] = [
            ("What time is it?", .time), ("Tell me a joke, please.", .joke), ("Tell me a story.", .story),
            ("How far is the moon?", .moon), ("Turn on the light.", .lightOn), ("What is your name?", .name),
        ]
        var understood = 0
        for voice in ["Kore", "Puck", nil] {
            for (text, intent) in asked {
                guard case .words(let words) = try await ears.understand(try await Self.spoken(text, as: voice)) else {
                    continue
                }
                understood += Intent.of(words) == intent ? 1 : 0
            }
        }
        #expect(understood >= 15, "understood \(understood) of 18")
    }

    @Test("other sentences are mostly not taken for questions")
    func foreign() async throws {
        let ears = Ears.shared
        var taken: [String] = []
        for text in [
            "The committee will meet on Wednesday to review the budget.", "My brother bought a new bicycle.",
            "We need more eggs and butter for the cake.", "A large black cat sat on the garden wall.",
            "Nobody answered when she rang the bell.", "The train was delayed by forty minutes.",
        ] {
            if case .words(let words) = try await ears.understand(try await Self.spoken(text, as: "Kore")) {
                taken.append(words)
            }
        }
        #expect(taken.count <= 1, "\(taken)")
    }

    private static func spoken(_ text: String, as voice: String?) async throws -> [Int16] {
        let sentence = try await Voice.shared.speak(text, as: voice)
        var converter = RateConverter(from: 24_000, to: 16_000)
        return silence(milliseconds: 300) + converter.finish(sentence.samples) + silence(milliseconds: 500)
    }
}
