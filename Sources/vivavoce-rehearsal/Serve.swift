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

    @Option(help: "End each session without context compression after so many seconds.")
    var sessionLimit: Double?

    @Option(help: "The same from the first picture on.")
    var videoSessionLimit: Double?

    @Option(help: "Seconds for which a resumption handle is good (default: 7200).")
    var handleLifetime: Double?

    @Option(help: "Keep the documented time limits, and divide these and all given ones by this.")
    var timeScale: Double?

    @Option(help: "Poison this share of the handles, 0 to 1: sessions resumed with them never answer.")
    var poisonHandles = 0.0

    @Flag(help: "Give out no handle: sessions cannot be resumed.")
    var withholdHandles = false

    @Option(help: "Mix all faults at random; the same seed does it the same way.")
    var chaos: UInt64?

    @Option(help: "Mean seconds between two faults of a connection, with --chaos.")
    var chaosInterval = 4.0

    @Flag(help: "Answer with tones as long as the words are many: cheap, for long tests.")
    var quickVoice = false

    @Option(help: "Write a JSON line about every message to this file.")
    var log: String?

    @Option(help: "Write what the microphone sent to this WAV file, as it came.")
    var saveInput: String?

    @Option(help: "Answer every upgrade with this HTTP status, such as 401, 403 or 429.")
    var refuse: Int?

    @Flag(help: "A use of a short-lived token is needed for resuming a session, too.")
    var countResumptions = false

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
}
