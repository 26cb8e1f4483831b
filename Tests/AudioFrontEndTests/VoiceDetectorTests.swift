import Testing

@testable import AudioFrontEnd

@Suite("The voice detector")
struct VoiceDetectorTests {
    /// - Returns: for each frame of 10 ms, whether a voice was heard.
    private func hear(_ samples: [Float], isAdmissible: Bool = true) throws -> [Bool] {
        var detector = try VoiceDetector()
        let samples = samples.integers
        return (0..<samples.count / 160).map { frame in
            detector.hear(samples.span.extracting(frame * 160..<(frame + 1) * 160), isAdmissible: isAdmissible)
            return detector.hearsVoice
        }
    }

    private func room(seconds: Int, level: Float = 0.0008) -> [Float] {
        Acoustics.noise(count: seconds * 16_000, seed: 41, level: level)
    }

    @Test("hears a word of 160 ms")
    func shortWord() throws {
        var word = [Float](repeating: 0, count: 48_000)
        let speech = Acoustics.speech(seconds: 1, seed: 42)
        for index in 0..<2_560 { word[32_000 + index] = speech[index] * 2 }
        let heard = try hear(mixed(room(seconds: 3), word))
        #expect(heard.firstIndex(of: true).map { (200..<222).contains($0) } ?? false)
    }

    @Test("hears no voice in clicks")
    func clicks() throws {
        var clicks = room(seconds: 10)
        for click in stride(from: 16_000, to: clicks.count - 200, by: 3_600) {
            for index in 0..<100 { clicks[click + index] += index & 1 == 0 ? 0.3 : -0.3 }
        }
        #expect(try !hear(clicks).contains(true))
    }

    @Test("hears no voice in a room's noise, however loud", arguments: [0.0002, 0.003, 0.03] as [Float])
    func noise(level: Float) throws {
        #expect(try !hear(room(seconds: 10, level: level)).contains(true))
    }

    @Test("hears nothing while only the loudspeaker can be heard")
    func inadmissible() throws {
        let speech = mixed(Acoustics.speech(seconds: 3, seed: 43), room(seconds: 3))
        #expect(try !hear(speech, isAdmissible: false).contains(true))
    }

    @Test("lets go within 100 ms of the end")
    func ends() throws {
        let speech = Acoustics.speech(seconds: 2, seed: 44) + [Float](repeating: 0, count: 16_000)
        let heard = try hear(mixed(speech, room(seconds: 3)))
        #expect(heard.contains(true))
        #expect(!heard[212...].contains(true))
    }
}
