import AudioCore
import Events

/// What waits to be written to a detector: bounded, because a detector that is slow must hear what is said now.
///
/// Pure. Samples are mono, 16,000 Hz, 16 bits in the machine's byte order, which is little-endian wherever we run.
struct DetectorInput {
    /// Written at once, in samples: as many bytes as a pipe takes whole or not at all (PIPE_BUF), so that a detector
    /// never reads half a sample.
    static let piece = 2048
    /// Two seconds.
    static let most = 2 * SampleRate.voice.hertz

    private var waiting: [Int16] = []
    /// Samples that grew too old, oldest first, since the beginning.
    private(set) var dropped = 0

    var isEmpty: Bool { waiting.isEmpty }
    var count: Int { waiting.count }

    mutating func append(_ samples: [Int16]) {
        waiting += samples
        let surplus = waiting.count - Self.most
        guard surplus > 0 else { return }
        waiting.removeFirst(surplus)
        dropped += surplus
    }

    mutating func clear() { waiting = [] }

    /// Hands over one piece after the other until `write` refuses one.
    ///
    /// - Returns: whether anything was taken.
    mutating func drain(_ write: (ArraySlice<Int16>) -> Bool) -> Bool {
        var taken = 0
        while taken < waiting.count {
            let end = min(taken + Self.piece, waiting.count)
            guard write(waiting[taken..<end]) else { break }
            taken = end
        }
        waiting.removeFirst(taken)
        return taken > 0
    }
}

/// What a detector says in a line: `ago=0.8 hello`, of which the first word may be missing.
///
/// Pure.
struct DetectorLine: Equatable {
    /// Farther back, no sound is kept.
    private static let longest = 3_600.0

    /// For people; possibly empty.
    let text: String
    /// How much sound the detector has heard since the word ended; nil when it does not say, or says it in no number.
    let ago: Duration?

    init(_ line: String) {
        let words = line.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == " " || $0 == "\t" }
        guard let first = words.first, first.hasPrefix("ago="), let seconds = Double(first.dropFirst(4)),
            (0...Self.longest).contains(seconds)
        else {
            (text, ago) = (line, nil)
            return
        }
        text = words.count > 1 ? String(words[1].drop(while: \.isWhitespace)) : ""
        ago = .seconds(seconds)
    }
}

/// Cuts what a program prints into lines, whatever it prints.
///
/// Pure. Of a line that is longer than anybody reads, the beginning is kept.
struct OutputLines {
    /// Bytes kept of a line.
    static let longest = 1024
    /// Lines told of one reading; a program that prints more at once is not a detector of anything.
    static let most = 8

    private var line: [UInt8] = []

    /// - Returns: the lines that ended in here: printable text, possibly empty.
    mutating func add(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if lines.count < Self.most { lines.append(text) }
                line.removeAll(keepingCapacity: true)
            } else if line.count < Self.longest {
                line.append(byte)
            }
        }
        return lines
    }

    /// What came after the last line's end, when nothing more will. - Returns: nil when that is nothing.
    mutating func finish() -> String? {
        defer { line = [] }
        return line.isEmpty ? nil : text
    }

    private var text: String {
        let text = TerminalText.sanitized(String(decoding: line, as: UTF8.self))
        return Redaction.clip(String(text.drop(while: \.isWhitespace)))
    }
}
