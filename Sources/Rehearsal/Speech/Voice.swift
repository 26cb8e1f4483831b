import CEspeakNG
import Foundation

/// The voice of the service: espeak-ng, on a thread of its own.
///
/// The library keeps its state in globals, so there is one voice in a process, whoever asks for it.
actor Voice {
    static let shared = Voice()

    /// What the service sends, in Hz.
    static let rate = 24_000

    private let thread = WorkThread(name: "rehearsal-voice")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The library's own rate, once it runs.
    private var libraryRate: Int?

    /// Speaks one sentence.
    ///
    /// Takes a few milliseconds of computing for each second of speech.
    /// - Parameter name: one of the provider's voice names; nil or unknown ones sound like the default.
    /// - Throws: `.speech` when the library or its data does not load.
    func speak(_ text: String, as name: String?) throws(RehearsalError) -> AnswerDelivery.Sentence {
        let libraryRate = try start()
        espeak_SetVoiceByName(Self.variant(for: name))
        espeak_SetParameter(espeakRATE, 165, 0)
        collected = Collected()
        let result = text.withCString { pointer in
            espeak_Synth(
                pointer, strlen(pointer) + 1, 0, POS_CHARACTER, 0, UInt32(espeakCHARS_UTF8 | espeakENDPAUSE), nil, nil)
        }
        guard result == EE_OK else {
            throw RehearsalError(.speech, "espeak_Synth could not speak a sentence: error \(result.rawValue)")
        }
        var converter = RateConverter(from: libraryRate, to: Self.rate)
        let samples = converter.finish(collected.samples)
        return AnswerDelivery.Sentence(text: text, samples: samples, words: Self.words(of: text, at: collected.words))
    }

    private func start() throws(RehearsalError) -> Int {
        if let libraryRate { return libraryRate }
        let rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 200, nil, espeakINITIALIZE_DONT_EXIT)
        guard rate > 0 else {
            throw RehearsalError(
                .speech, "espeak_Initialize found no voice data; the Debian package espeak-ng-data has it")
        }
        espeak_SetSynthCallback(collect)
        libraryRate = Int(rate)
        return Int(rate)
    }

    /// Each word of the text with the time of the library's event for it; words without one share the time before.
    private static func words(
        of text: String, at events: [(position: Int, start: Int)]
    ) -> [AnswerDelivery.Sentence.Word] {
        var words: [AnswerDelivery.Sentence.Word] = []
        var position = 0
        var start = 0
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let end = position + word.unicodeScalars.count
            // Events count characters from 1.
            if let event = events.first(where: { (position..<end).contains($0.position - 1) }) { start = event.start }
            if !word.isEmpty { words.append(.init(text: String(word), start: start)) }
            position = end + 1
        }
        return words
    }

    /// Provider voices told apart by espeak's variants, so that a change of voice can be heard.
    private static func variant(for name: String?) -> String {
        let female = [
            "Zephyr", "Kore", "Leda", "Aoede", "Callirrhoe", "Autonoe", "Despina", "Erinome", "Laomedeia", "Achernar",
            "Gacrux", "Pulcherrima", "Vindemiatrix", "Sulafat",
        ]
        let male = [
            "Puck", "Charon", "Fenrir", "Orus", "Enceladus", "Iapetus", "Umbriel", "Algieba", "Algenib", "Rasalgethi",
            "Alnilam", "Schedar", "Achird", "Zubenelgenubi", "Sadachbia", "Sadaltager",
        ]
        guard let name else { return "en-us" }
        if let index = female.firstIndex(of: name) { return "en-us+f\(index % 5 + 1)" }
        if let index = male.firstIndex(of: name) { return "en-us+m\(index % 7 + 1)" }
        return "en-us"
    }
}

/// What the library has delivered of the sentence being spoken.
private struct Collected {
    var samples: [Int16] = []
    var words: [(position: Int, start: Int)] = []
}

// SAFETY: touched by `Voice` before the call and by the callback during it, both on the voice's thread.
nonisolated(unsafe) private var collected = Collected()

/// Called by the library while it speaks. - Returns: 0, go on.
private func collect(
    samples: UnsafeMutablePointer<Int16>?, count: Int32, events: UnsafeMutablePointer<espeak_EVENT>?
) -> Int32 {
    if let samples, count > 0 { collected.samples += UnsafeBufferPointer(start: samples, count: Int(count)) }
    guard var event = events else { return 0 }
    while event.pointee.type != espeakEVENT_LIST_TERMINATED {
        if event.pointee.type == espeakEVENT_WORD {
            collected.words.append((Int(event.pointee.text_position), Int(event.pointee.audio_position)))
        }
        event += 1
    }
    return 0
}
