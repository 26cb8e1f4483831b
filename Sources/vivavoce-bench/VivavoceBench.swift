import ArgumentParser
import Assistant
import Glibc
import LiveProtocol
import LiveSession
import LiveTransport

/// What whole conversations cost in one process, to be seen beside `bench/loop.c` and `bench/sdk.py`.
///
/// Everything between the devices is the product's own: rings, gate, engine, dialect, socket thread, speech buffer. The
/// devices' threads are played by one thread for all sessions, which every 20 ms writes a packet into each ring and reads
/// as much speech. Prints one JSON line.
@main
struct VivavoceBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "vivavoce-bench")

    @Option(help: "Where the load peer listens, on localhost.")
    var port: Int

    @Option(help: "Trust anchor of the load peer; without it the sessions are not encrypted.")
    var caFile: String?

    @Option(help: "How many conversations to hold at once.")
    var sessions = 1

    @Option(help: "How long to measure, after one second that is not counted.")
    var seconds = 10

    func run() async throws {
        let endpoint = Endpoint(
            host: "localhost", port: port, isSecure: caFile != nil,
            path: "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
            headers: [.init("x-goog-api-key", "bench")], caFile: caFile)
        let transport = WebSocketTransport()
        let room = 50 * (seconds + 30)
        let conversations = (0..<sessions).map { _ in
            BenchSession(endpoint: endpoint, transport: transport, room: room)
        }
        try await withThrowingTaskGroup { group in
            for conversation in conversations {
                group.addTask { throw Failed(reason: await conversation.engine.run().reason) }
            }
            group.addTask { [seconds] in
                let devices = DeviceThread(conversations)
                try await devices.waitUntilLive()
                await devices.run(for: .seconds(1))
                let start = Measurement(conversations)
                await devices.run(for: .seconds(seconds))
                print(Measurement(conversations).report(since: start))
            }
            for try await _ in group { break }  // the measurement is the only one that ends well
            group.cancelAll()
        }
    }

    /// A conversation ended before it was measured.
    struct Failed: Error, CustomStringConvertible {
        let reason: String
        var description: String { "a conversation ended: \(reason)" }
    }
}
