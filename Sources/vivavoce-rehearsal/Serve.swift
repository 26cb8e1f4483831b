import ArgumentParser
import Foundation
import Rehearsal

/// Listens until told to end, after one line on standard output that says where.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve the Live API on loopback (the default).")

    @Option(help: "The IPv4 address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 lets the system choose.")
    var port: UInt16 = 0

    @Option(help: "A YAML file with exact exchanges to play (see docs/rehearsal.md).")
    var scenario: String?

    @Option(help: "Makes chance repeatable: chunk sizes, late transcripts, jokes.")
    var seed: UInt64 = 1

    @Option(help: "Let in this key or token only. Otherwise any will do, and none.")
    var requireKey: String?

    @Option(help: "Frames of the service's messages: binary, text or mixed.")
    var frames = "binary"

    @Flag(help: "Spread JSON over lines, as the real service does.")
    var pretty = false

    @Flag(help: "Add members that no client knows.")
    var extraFields = false

    @Option(help: "How much faster than real time speech is sent: a factor, or max.")
    var burst = "4"

    @Option(help: "Milliseconds of sound in a message: a number, or a range such as 40-200.")
    var chunk = "40-200"

    @Option(help: "Delay setupComplete by so many milliseconds.")
    var setupDelay = 0

    @Flag(help: "Send transcripts of the user in order, before the answer begins.")
    var promptTranscripts = false

    @Option(help: "End each connection after so many seconds, with 1011.")
    var connectionLimit: Double?

    @Option(help: "Send goAway so many seconds before the connection limit.")
    var goAwayBefore: Double?

    @Option(help: "Seconds for which a resumption handle is good.")
    var handleLifetime = 7_200.0

    @Option(help: "Write a JSON line about every message to this file.")
    var log: String?

    @Option(help: "Write what the microphone sent to this WAV file, as it came.")
    var saveInput: String?

    @Option(help: "Answer every upgrade with this HTTP status, such as 401, 403 or 429.")
    var refuse: Int?

    func run() async throws {
        let service: RehearsalService
        do {
            service = try RehearsalService(try configuration())
        } catch {
            throw error.exit()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            // Meanwhile the models load, so that the first question need not wait for them.
            group.addTask {
                try await Ears.shared.prepare()
                await Signals.ending()
                throw CancellationError()
            }
            group.addTask {
                let url = try await service.url()
                FileHandle.standardOutput.write(Data("{\"ready\":true,\"url\":\"\(url)\"}\n".utf8))
                try await Task.sleep(for: .seconds(Int64.max / 2))
            }
            do {
                try await group.next()
            } catch let error as RehearsalError {
                throw error.exit()
            } catch is CancellationError {
                // Told to end.
            }
            group.cancelAll()
        }
    }

    private func configuration() throws(RehearsalError) -> RehearsalConfiguration {
        var configuration = RehearsalConfiguration()
        configuration.host = host
        configuration.port = port
        configuration.requiredKey = requireKey
        configuration.refusal = refuse
        configuration.handleLifetime = .seconds(handleLifetime)
        configuration.logPath = log
        if let scenario { configuration.scenario = try ScenarioReader.read(path: scenario) }
        configuration.savedInputPath = saveInput
        configuration.format.isPretty = pretty
        configuration.format.hasExtraFields = extraFields
        configuration.format.frames = WireFormat.Frames(rawValue: frames) ?? .binary
        configuration.session.seed = seed
        configuration.session.burst = Double(burst).map { .factor($0) } ?? .unbounded
        configuration.session.chunkMilliseconds = Self.range(chunk) ?? 40...200
        configuration.session.setupDelay = .milliseconds(setupDelay)
        configuration.session.hasLateTranscripts = !promptTranscripts
        configuration.session.connectionLimit = connectionLimit.map { .seconds($0) }
        configuration.session.goAwayBefore = goAwayBefore.map { .seconds($0) }
        configuration.report = { line in FileHandle.standardError.write(Data("vivavoce-rehearsal: \(line)\n".utf8)) }
        return configuration
    }

    func validate() throws {
        guard WireFormat.Frames(rawValue: frames) != nil else {
            throw ValidationError("--frames is binary, text or mixed, not \(frames).")
        }
        guard burst == "max" || (Double(burst) ?? 0) > 0 else {
            throw ValidationError("--burst is a factor above 0, or max, not \(burst).")
        }
        guard Self.range(chunk) != nil else {
            throw ValidationError("--chunk is milliseconds from 1 to 10000, or a range such as 40-200, not \(chunk).")
        }
        guard refuse.map((400...599).contains) ?? true else {
            throw ValidationError("--refuse is an HTTP status from 400 to 599.")
        }
        guard [connectionLimit, goAwayBefore, handleLifetime].allSatisfy({ $0.map { $0 >= 0 } ?? true }),
            setupDelay >= 0
        else { throw ValidationError("Times cannot be negative.") }
    }

    private static func range(_ text: String) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard (1...2).contains(ends.count), let first = ends.first, let last = ends.last,
            1 <= first, first <= last, last <= 10_000
        else { return nil }
        return first...last
    }
}
