import Events

/// Conversations of pseudo-random words, the same for the same seed: word frequencies as in speech (Zipf's law), every
/// so-manieth line in a script without spaces.
struct Talk {
    struct Query {
        var kind: String
        var text: String
        var session: String?
        var speaker: Party?
        var since: Int64?
        var until: Int64?
    }

    /// When the last line was said, about: milliseconds since 1970.
    static let end: Int64 = 1_795_435_200_000
    private static let linesPerSession = 250
    private static let lineMilliseconds: Int64 = 5_000
    private static let vocabularySize = 30_000

    private(set) var words = 0
    private var random: UInt64
    private let vocabulary: [String]
    /// Sums of the words' frequencies, ascending.
    private let sums: [Double]
    private let lines: Int
    /// Of so many lines, the last is in a script without spaces.
    private let unspacedEvery: Int
    private var line = -1
    private var isInSession = false
    /// Some lines that were said, to look for.
    private var samples: [String] = []
    private var unspacedSamples: [String] = []

    init(seed: UInt64, lines: Int, unspacedEvery: Int) {
        random = seed
        self.unspacedEvery = unspacedEvery
        self.lines = lines
        var generator = seed ^ 0x5DEE_CE66_D1CE_4E5B
        var vocabulary: Set<String> = []
        var ordered: [String] = []
        let syllables = "ka lo mi re tu sen dor vil pan gre sto ün bä né ço ri ta lem ous int erd al pe wo shi".split(
            separator: " ")
        while ordered.count < Self.vocabularySize {
            var word = ""
            for _ in 0...(Int(Self.step(&generator) % 4)) {
                word += syllables[Int(Self.step(&generator) % UInt64(syllables.count))]
            }
            if vocabulary.insert(word).inserted { ordered.append(word) }
        }
        self.vocabulary = ordered
        var sum = 0.0
        sums = (1...Self.vocabularySize).map { rank in
            sum += 1 / Double(rank)
            return sum
        }
    }

    /// The next object of the import; nil at the end.
    ///
    /// - Parameter told: is told of every line.
    mutating func next(told: (_ speaker: Party, _ text: String) -> Void) -> String? {
        if !isInSession {
            line += 1
            guard line < lines else { return nil }
        }
        let time = Self.end - Int64(lines - line) * Self.lineMilliseconds
        let session = "bench\(line / Self.linesPerSession)"
        if !isInSession, line % Self.linesPerSession == 0 {
            isInSession = true
            return Self.object { writer in
                writer.member("type", "session")
                writer.member("id", session)
                writer.member("startedAt", Timestamp.iso8601(time))
                writer.member("endedAt", Timestamp.iso8601(time + Int64(Self.linesPerSession) * Self.lineMilliseconds))
                writer.member("model", "bench")
            }
        }
        isInSession = false
        let isUnspaced = line % unspacedEvery == unspacedEvery - 1
        let text = isUnspaced ? unspaced() : sentence()
        let speaker = line % 2 == 0 ? Party.user : .model
        if samples.isEmpty || line % 997 == 0, !isUnspaced { samples.append(text) }
        if isUnspaced, unspacedSamples.count < 200 { unspacedSamples.append(text) }
        told(speaker, text)
        return Self.object { writer in
            writer.member("type", "line")
            writer.member("session", session)
            writer.member("turn", line % Self.linesPerSession / 2)
            writer.member("speaker", speaker.rawValue)
            writer.member("begin", Timestamp.iso8601(time))
            writer.member("end", Timestamp.iso8601(time + 4_000))
            writer.member("text", text)
        }
    }

    mutating func sentence() -> String {
        let count = 4 + below(17)
        words += count
        return (0..<count).map { _ in word() }.joined(separator: " ")
    }

    /// What people would look for, of every kind as much.
    mutating func queries(count: Int) -> [Query] {
        (0..<count).map { index in
            let sample = samples[below(samples.count)].split(separator: " ").map(String.init)
            let foreign = Array(unspacedSamples[below(unspacedSamples.count)])
            switch index % 10 {
            case 0: return Query(kind: "rare word", text: vocabulary[1_000 + below(29_000)])
            case 1: return Query(kind: "common word", text: vocabulary[below(100)])
            case 2: return Query(kind: "two words", text: "\(sample[0]) \(sample[2])")
            case 3: return Query(kind: "two common words", text: "\(vocabulary[below(50)]) \(vocabulary[below(50)])")
            case 4: return Query(kind: "phrase", text: "\"\(sample[1]) \(sample[2])\"")
            case 5:
                let beginning = sample[1].prefix(1 + index / 10 % 5)
                return Query(kind: "beginning of \(beginning.count)", text: beginning + "*")
            case 6:
                let session = "bench\(below(max(1, lines / Self.linesPerSession)))"
                return Query(kind: "word in a session", text: word(), session: session)
            case 7:
                let start = Self.end - Int64(below(lines)) * Self.lineMilliseconds
                return Query(
                    kind: "word of a speaker in a week", text: word(), speaker: .model, since: start,
                    until: start + 7 * 86_400_000)
            case 8: return Query(kind: "without spaces, 4 characters", text: String(foreign[3..<7]))
            default: return Query(kind: "without spaces, 2 characters", text: String(foreign[3..<5]))
            }
        }
    }

    private mutating func unspaced() -> String {
        let count = 10 + below(20)
        words += count / 2
        return String((0..<count).map { _ in Character(Unicode.Scalar(0x4E00 + UInt32(below(60) * below(60)))!) })
    }

    private mutating func word() -> String {
        let wanted = Double(Self.step(&random) >> 11) / Double(1 << 53) * sums[sums.count - 1]
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return vocabulary[low]
    }

    private mutating func below(_ bound: Int) -> Int { Int(Self.step(&random) % UInt64(bound)) }

    /// SplitMix64.
    private static func step(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private static func object(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        writer.object(body)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
