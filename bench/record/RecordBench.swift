import Archive
import Events
import Foundation

/// Fills a record with pseudo-random talk and measures it from within: `RecordBench DATABASE LINES SEED EVERY QUERIES TEXTS`.
///
/// Of EVERY lines one is in a script without spaces. QUERIES and TEXTS are files to write: what was searched for, for others to search for too, and what was said, a line
/// of `speaker TAB text` each. Prints one JSON object; times are milliseconds.
@main
struct RecordBench {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 6, let lines = Int(arguments[2]), let seed = UInt64(arguments[3]),
            let every = Int(arguments[4]), every > 1
        else {
            FileHandle.standardError.write(Data("usage: RecordBench DATABASE LINES SEED EVERY QUERIES TEXTS\n".utf8))
            exit(64)
        }
        var talk = Talk(seed: seed, lines: lines, unspacedEvery: every)
        let clock = ContinuousClock()
        let store = try TranscriptStore(at: arguments[1], forWriting: true)
        let texts = try TextFile(arguments[6])
        let filling = try clock.measure {
            _ = try store.import(
                sequence(state: ()) { _ in
                    talk.next { speaker, text in texts.append("\(speaker)\t\(text)\n") }
                })
        }
        texts.close()
        store.close()
        let bytes = try FileManager.default.attributesOfItem(atPath: arguments[1])[.size] as? Int ?? 0
        let hours = Double(talk.words) / 150 / 60  // at 150 words a minute

        let queries = talk.queries(count: 400)
        try Data(queries.map { "\($0.kind)\t\($0.text)\n" }.joined().utf8).write(to: URL(fileURLWithPath: arguments[5]))
        let reader = try TranscriptStore(at: arguments[1], forWriting: false)
        var searches: [(kind: String, time: Duration)] = []
        for query in queries {
            var search = LineSearch(query.text)
            (search.speaker, search.since, search.until) = (query.speaker, query.since, query.until)
            search.session = query.session
            let time = try clock.measure { _ = try reader.search(search) }
            searches.append((query.kind, time))
        }
        let listing = try (0..<50).map { _ in try clock.measure { _ = try reader.sessions() } }
        let showing = try (0..<50).map { _ in
            try clock.measure { _ = try reader.lines(of: try reader.session(named: "last").id) }
        }
        let adding = await Adding(path: arguments[1]).measure(lines: 2_000, &talk)

        var writer = JSONWriter()
        writer.object { writer in
            writer.member("lines", lines)
            writer.member("fillSeconds", tenths: filling.milliseconds / 1000)
            writer.member("bytes", bytes)
            writer.member("hoursOfTalk", tenths: hours)
            writer.member("kilobytesPerHour", tenths: Double(bytes) / hours / 1000)
            writer.member("search", embedding: Summary(searches.map(\.time)).json)
            writer.member("searchByKind", embedding: byKind(searches))
            writer.member("list", embedding: Summary(listing).json)
            writer.member("show", embedding: Summary(showing).json)
            writer.member("add", embedding: Summary(adding).json)
        }
        print(String(decoding: writer.bytes, as: UTF8.self))
    }
}

private func byKind(_ searches: [(kind: String, time: Duration)]) -> String {
    let kinds = Dictionary(grouping: searches, by: \.kind).sorted { $0.key < $1.key }
    return "{" + kinds.map { "\"\($0.key)\":\(Summary($0.value.map(\.time)).json)" }.joined(separator: ",") + "}"
}

/// Adds lines as a conversation does: from the event to the moment when others hear of it, with its commit.
private struct Adding {
    let path: String

    func measure(lines: Int, _ talk: inout Talk) async -> [Duration] {
        let texts = (0..<lines).map { _ in talk.sentence() }
        let (inner, outer, clock) = (EventBus(), EventBus(), ContinuousClock())
        let archivist = Archivist(path: path, clock: clock) { Talk.end }
        let events = inner.subscribe(capacity: 64, overflow: .dropsOldest)
        let heard = outer.subscribe(capacity: 64, overflow: .dropsOldest)
        async let running: Void = archivist.run(events, to: outer)
        var times: [Duration] = []
        var iterator = heard.makeAsyncIterator()
        for (turn, text) in texts.enumerated() {
            let line = TranscriptLine(turn: turn, speaker: .user, text: text)
            let start = clock.now
            inner.publish(Event(at: Talk.end, session: "adding", .transcriptFinal(line)))
            _ = await iterator.next()
            times.append(start.duration(to: clock.now))
        }
        inner.finish()
        await running
        return times
    }
}

/// Median, 95th percentile and largest of some times.
private struct Summary {
    let sorted: [Double]

    init(_ times: [Duration]) { sorted = times.map(\.milliseconds).sorted() }

    var json: String {
        func at(_ share: Double) -> String {
            String(format: "%.3f", sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))])
        }
        return "{\"count\":\(sorted.count),\"median\":\(at(0.5)),\"p95\":\(at(0.95)),\"most\":\(at(1))}"
    }
}

/// Text, written in large pieces.
private final class TextFile {
    private let file: FileHandle
    private var waiting = Data()

    init(_ path: String) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    func append(_ text: String) {
        waiting.append(contentsOf: text.utf8)
        if waiting.count > 1 << 20 { flush() }
    }

    func close() { flush() }

    private func flush() {
        file.write(waiting)
        waiting = Data()
    }
}

extension Duration {
    fileprivate var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15 }
}
