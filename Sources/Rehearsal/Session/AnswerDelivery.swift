/// One answer on its way out: which message is due when, what has been sent of it, and when its playback would end.
///
/// Speech leaves faster than it is played; its transcript runs a little ahead of it.
struct AnswerDelivery: Equatable {
    /// A sentence of an answer, ready to be sent.
    struct Sentence: Equatable, Sendable {
        struct Word: Equatable, Sendable {
            let text: String
            /// Milliseconds after the sentence's start.
            let start: Int
            init(text: String, start: Int) {
                self.text = text
                self.start = start
            }
        }

        let text: String
        /// 24 kHz mono; empty when the answer is written, not spoken.
        let samples: [Int16]
        let words: [Word]

        init(text: String, samples: [Int16], words: [Word]) {
            self.text = text
            self.samples = samples
            self.words = words
        }
    }

    enum Item: Equatable {
        case speech([Int16], transcript: String?)
        case text(String)
        case transcript(String)
    }

    /// The words of a piece of speech are sent this long before the piece itself would be.
    private static let transcriptLead = 300
    private static let samplesPerMillisecond = 24

    let id: Int
    private let burst: RehearsalSession.Options.Burst
    private let chunkMilliseconds: ClosedRange<Int>
    private let combinesMembers: Bool
    private var queue: [(due: Duration, item: Item)] = []
    private var cursor: Duration?
    private var playbackStart: Duration?
    private(set) var sentMilliseconds = 0
    private(set) var sentText = ""
    /// Nothing more will be added.
    private(set) var isComplete = false

    init(id: Int, burst: RehearsalSession.Options.Burst, chunkMilliseconds: ClosedRange<Int>, combinesMembers: Bool) {
        self.id = id
        self.burst = burst
        self.chunkMilliseconds = chunkMilliseconds
        self.combinesMembers = combinesMembers
    }

    static func == (left: AnswerDelivery, right: AnswerDelivery) -> Bool {
        left.id == right.id && left.sentMilliseconds == right.sentMilliseconds && left.queue.count == right.queue.count
    }

    var hasBegun: Bool { sentMilliseconds > 0 || !sentText.isEmpty }
    var isEmpty: Bool { queue.isEmpty }
    var nextDue: Duration? { queue.first?.due }

    /// When a listener would have heard everything that was sent, playing from the first piece on.
    func playbackEnd(now: Duration) -> Duration {
        guard let playbackStart else { return now }
        return max(now, playbackStart + .milliseconds(sentMilliseconds))
    }

    mutating func add(_ sentence: Sentence, now: Duration, random: inout SeededRandom) {
        guard !sentence.samples.isEmpty else {
            queue.append((due: now, item: .text(sentence.text + " ")))
            return
        }
        var due = max(cursor ?? now, now)
        var words = sentence.words[...]
        var start = 0
        while start < sentence.samples.count {
            let milliseconds = Int.random(in: chunkMilliseconds, using: &random)
            let end = min(sentence.samples.count, start + milliseconds * Self.samplesPerMillisecond)
            let horizon = end / Self.samplesPerMillisecond + Self.transcriptLead
            let ready = words.prefix { $0.start < horizon || end == sentence.samples.count }
            words = words.dropFirst(ready.count)
            let transcript = ready.isEmpty ? nil : ready.map { $0.text + " " }.joined()
            let samples = Array(sentence.samples[start..<end])
            // Some messages of 3.x models hold sound and transcript together; others, and all of 2.5, one thing.
            if let transcript, !(combinesMembers && Bool.random(using: &random)) {
                queue.append((due: due, item: .transcript(transcript)))
                queue.append((due: due, item: .speech(samples, transcript: nil)))
            } else {
                queue.append((due: due, item: .speech(samples, transcript: transcript)))
            }
            if case .factor(let factor) = burst {
                due += .microseconds(Int64(Double((end - start) * 1_000 / Self.samplesPerMillisecond) / factor))
            }
            start = end
        }
        cursor = due
    }

    mutating func complete() { isComplete = true }

    /// Takes the next message that is due.
    mutating func next(now: Duration) -> Item? {
        guard let first = queue.first, first.due <= now else { return nil }
        queue.removeFirst()
        switch first.item {
        case .speech(let samples, let transcript):
            playbackStart = playbackStart ?? now
            sentMilliseconds += samples.count / Self.samplesPerMillisecond
            sentText += transcript ?? ""
        case .text(let text), .transcript(let text): sentText += text
        }
        return first.item
    }
}
