import CPocketSphinx
import Glibc

/// One search of pocketsphinx with the English models of Debian's pocketsphinx-en-us. One thread at a time.
///
/// Samples are mono, 16,000 Hz; frames are 10 ms. What is heard before one `begin` leaves no trace after the next
/// unless the settings say so.
package final class SphinxDecoder {
    /// What the library did not take, or lacks.
    package struct Failure: Error, Equatable {
        package var message: String
    }

    /// A word, phone or phrase found, and how well it fits its frames: 0 is best, −50 middling.
    package struct Segment: Equatable {
        package let label: String
        package let frames: ClosedRange<Int>
        package let score: Double
    }

    package static let models = "/usr/share/pocketsphinx/model/en-us"
    private let decoder: OpaquePointer
    private let config: OpaquePointer

    /// - Parameter settings: as the library's command line has them, beside the models'.
    /// - Throws: when the models are missing.
    package init(_ settings: [String]) throws(Failure) {
        try Self.checkModels()
        vv_sphinx_silence()
        let models = ["-hmm", "\(Self.models)/en-us", "-dict", "\(Self.models)/cmudict-en-us.dict"]
        var arguments = (["vivavoce"] + models + settings).map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        guard let config = cmd_ln_parse_r(nil, ps_args(), CInt(arguments.count), &arguments, 1) else {
            throw Failure(message: "pocketsphinx does not take the settings \(settings.joined(separator: " "))")
        }
        guard let decoder = ps_init(config) else {
            cmd_ln_free_r(config)
            throw Failure(message: "pocketsphinx cannot load the models in \(Self.models)")
        }
        self.config = config
        self.decoder = decoder
    }

    deinit {
        ps_free(decoder)
        cmd_ln_free_r(config)
    }

    /// - Throws: when the models are missing.
    package static func checkModels() throws(Failure) {
        guard access("\(models)/en-us/mdef", R_OK) == 0 else {
            throw Failure(message: "no speech models in \(models); install pocketsphinx-en-us")
        }
    }

    // MARK: What to look for

    /// - Parameter grammar: in the Java Speech Grammar Format.
    package func search(forSentencesOf grammar: String) throws(Failure) {
        guard ps_set_jsgf_string(decoder, "sentences", grammar) == 0, ps_set_search(decoder, "sentences") == 0 else {
            throw Failure(message: "pocketsphinx does not take the grammar")
        }
    }

    /// Looks for any of these in running speech.
    ///
    /// - Parameters:
    ///   - phrases: of words that `phones(of:)` knows.
    ///   - threshold: smaller finds more, also where nothing was said.
    package func search(forPhrases phrases: [String], threshold: Double) throws(Failure) {
        // The library takes several phrases from a file only.
        var name = Array("/tmp/vivavoce-phrases-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        guard file >= 0 else {
            throw Failure(message: "no file can be made in /tmp: \(String(cString: strerror(errno)))")
        }
        defer {
            close(file)
            unlink(name)
        }
        let lines = phrases.map { "\($0) /\(threshold)/\n" }.joined()
        guard write(file, lines, lines.utf8.count) == lines.utf8.count, ps_set_kws(decoder, "phrases", name) == 0,
            ps_set_search(decoder, "phrases") == 0
        else { throw Failure(message: "pocketsphinx does not take the phrases \(phrases.joined(separator: ", "))") }
    }

    /// The phones of a word as the dictionary has it, empty for one that it has not; `the(2)` is its second
    /// pronunciation.
    package func phones(of word: String) -> [String] {
        guard let phones = ps_lookup_word(decoder, word) else { return [] }
        defer { free(phones) }
        return String(cString: phones).split(separator: " ").map(String.init)
    }

    /// Puts a word into the dictionary. Call it before the search is chosen.
    package func add(_ word: String, phones: String) throws(Failure) {
        guard ps_add_word(decoder, word, phones, 0) >= 0 else {
            throw Failure(message: "pocketsphinx does not take the pronunciation \(phones)")
        }
    }

    // MARK: Listening

    /// Begins an utterance. - Returns: false when the library refuses, as it does within another one.
    package func begin() -> Bool { ps_start_stream(decoder) == 0 && ps_start_utt(decoder) == 0 }

    /// - Parameter isWhole: the utterance is all in here, so it may be normalised by itself.
    package func listen(to samples: Span<Int16>, isWhole: Bool = false) {
        guard !samples.isEmpty else { return }
        samples.withUnsafeBufferPointer {
            _ = ps_process_raw(decoder, $0.baseAddress, $0.count, 0, isWhole ? 1 : 0)
        }
    }

    /// Ends the utterance. - Returns: false when there was none.
    package func end() -> Bool { ps_end_utt(decoder) == 0 }

    /// Whether anything has been found in this utterance.
    package var hasFound: Bool { ps_get_hyp(decoder, nil) != nil }

    /// What has been found, in order of time, fillers included.
    package var segments: [Segment] {
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
}
