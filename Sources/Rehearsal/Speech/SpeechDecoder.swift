import CPocketSphinx
import Foundation

/// One search of pocketsphinx over whole utterances: for the sentences of a grammar, or for bare phones.
///
/// Each utterance is normalised by itself, so what one speaker said leaves no trace in what the next one is heard to
/// say. Belongs to one thread at a time.
final class SpeechDecoder {
    enum Search {
        /// The sentences of a JSGF grammar.
        case grammar(String)
        /// Any row of English phones, judged by a phone trigram.
        case phones
    }

    /// A word or phone found, with its 10 ms frames, and how well they fit it: 0 is best, −50 middling.
    struct Segment: Equatable {
        let label: String
        let frames: ClosedRange<Int>
        let score: Double

        /// Silence and noise have labels in brackets, as have the grammar's own empty words.
        var isSpeech: Bool { !label.hasPrefix("<") && !label.hasPrefix("[") && !label.hasPrefix("(") && !isFiller }
        private var isFiller: Bool { label == "SIL" || label.hasPrefix("+") }
    }

    private static let models = "/usr/share/pocketsphinx/model/en-us"
    private let decoder: OpaquePointer

    /// - Throws: `.speech` when the models of Debian's pocketsphinx-en-us are not there.
    init(_ search: Search) throws(RehearsalError) {
        vv_sphinx_silence()
        let settings =
            switch search {
            // Wide beams: the grammar is small, and sentences that a narrow search loses are worth the milliseconds.
            case .grammar: ["-beam", "1e-80", "-wbeam", "1e-60", "-pbeam", "1e-80", "-maxhmmpf", "-1"]
            case .phones:
                [
                    "-allphone", "\(Self.models)/en-us-phone.lm.bin", "-allphone_ci", "yes", "-lw", "2.0", "-pip",
                    "0.3",
                    "-beam", "1e-20", "-pbeam", "1e-20",
                ]
            }
        let common = [
            "-hmm", "\(Self.models)/en-us", "-dict", "\(Self.models)/cmudict-en-us.dict", "-cmn", "batch",
        ]
        try Self.checkModels()
        guard let decoder = Self.makeDecoder(arguments: common + settings) else {
            throw RehearsalError(.speech, "pocketsphinx cannot load the models in \(Self.models)")
        }
        self.decoder = decoder
        guard case .grammar(let grammar) = search else { return }
        guard ps_set_jsgf_string(decoder, "questions", grammar) == 0, ps_set_search(decoder, "questions") == 0 else {
            throw RehearsalError(.speech, "pocketsphinx does not take the grammar")
        }
    }

    deinit { ps_free(decoder) }

    /// Finds what an utterance consists of; takes about a twentieth of its length.
    /// - Parameter samples: 16 kHz mono, from before its start to after its end.
    /// - Returns: words or phones in order of time, fillers included; empty when nothing fits.
    func decode(_ samples: [Int16]) -> [Segment] {
        guard !samples.isEmpty, ps_start_stream(decoder) == 0, ps_start_utt(decoder) == 0 else { return [] }
        ps_process_raw(decoder, samples, samples.count, 0, 1)
        guard ps_end_utt(decoder) == 0, ps_get_hyp(decoder, nil) != nil else { return [] }
        var segments: [Segment] = []
        var next = ps_seg_iter(decoder)
        while let segment = next {
            var start: CInt = 0
            var end: CInt = 0
            var acoustic: Int32 = 0
            ps_seg_frames(segment, &start, &end)
            ps_seg_prob(segment, &acoustic, nil, nil)
            if let label = ps_seg_word(segment), end >= start {
                let count = Double(end - start + 1)
                segments.append(
                    Segment(
                        label: String(cString: label), frames: Int(start)...Int(end), score: Double(acoustic) / count))
            }
            next = ps_seg_next(segment)
        }
        return segments
    }

    /// The phones of a word as the dictionary has it; `the(2)` is its second pronunciation.
    func phones(of word: String) -> [String] {
        guard let phones = ps_lookup_word(decoder, word) else { return [] }
        defer { free(phones) }
        return String(cString: phones).split(separator: " ").map(String.init)
    }

    /// - Throws: `.speech` when the models of Debian's pocketsphinx-en-us are not there.
    static func checkModels() throws(RehearsalError) {
        guard FileManager.default.fileExists(atPath: "\(models)/en-us/mdef") else {
            throw RehearsalError(.speech, "no speech models in \(models); install pocketsphinx-en-us")
        }
    }

    private static func makeDecoder(arguments: [String]) -> OpaquePointer? {
        var pointers = (["rehearsal"] + arguments).map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        guard let config = cmd_ln_parse_r(nil, ps_args(), CInt(pointers.count), &pointers, 1) else { return nil }
        return ps_init(config)
    }
}
