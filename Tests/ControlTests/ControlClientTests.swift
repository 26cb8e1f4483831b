import Assistant
import ControlProtocol
import Events
import FoundationEssentials
import Glibc
import LiveProtocol
import LiveSession
import Testing

@testable import ControlServer

/// A socket on which a test plays the daemon by hand.
private final class HandPlayedDaemon {
    let path: String
    private let folder: String
    private let listener: CInt

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/vivavoce-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = folder + "/control.sock"
        listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        try #require(isBound && listen(listener, 8) == 0)
    }

    deinit {
        close(listener)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Takes the client that has connected, says this, and goes.
    func partFromClient(saying words: Data = Data()) {
        let client = accept(listener, nil, nil)
        _ = words.withUnsafeBytes { write(client, $0.baseAddress, $0.count) }
        close(client)
    }
}

/// An assistant to which nobody says anything but this.
private struct IdleAssistant: Controlled {
    func perform(_ command: ConversationCommand) {}
    func connect() {}
    func hangUp() {}
    func reload() -> JSONValue { [:] }
    func shutdown() {}
}

/// A client and daemons that answer otherwise than with a result.
@Suite(.timeLimit(.minutes(5)))
struct ControlClientTests {
    @Test("a daemon that listens and says nothing is given up, with a remedy")
    func silent() async throws {
        let daemon = try HandPlayedDaemon()
        let client = try await ControlClient.connect(to: daemon.path, within: .seconds(240)) { _ in }
        let error = await #expect(throws: ControlError.self) { try await client.call("status") }
        #expect(error == .silent(daemon.path, .seconds(5)))
        #expect(error?.message == "the daemon at \(daemon.path) does not answer: it was given 5 s")
        #expect(error?.remedy?.contains("systemctl --user restart vivavoce") == true)
        let reload = await #expect(throws: ControlError.self) { try await client.call("reload", within: .seconds(30)) }
        #expect(reload == .silent(daemon.path, .seconds(30)))
        await client.close()
    }

    /// One that bears with a machine that is busy with other tests.
    private func patientClient(of path: String) async throws -> ControlClient {
        try await ControlClient.connect(to: path, within: .seconds(240)) { try await Task.sleep(for: $0 * 48) }
    }

    @Test("a daemon that goes is told from one that says first why it takes no client")
    func parting() async throws {
        let daemon = try HandPlayedDaemon()
        let client = try await patientClient(of: daemon.path)
        daemon.partFromClient()
        await #expect(throws: ControlError.gone(daemon.path)) { try await client.call("status") }
        await #expect(throws: ControlError.gone(daemon.path)) { try await client.call("status") }

        let refusal = RPC.Failure.state("256 clients are connected, and no more are taken")
        let refused = try await patientClient(of: daemon.path)
        daemon.partFromClient(saying: RPC.Reply(id: .none, .failure(refusal)).json.line)
        await #expect(throws: ControlError.refused(refusal)) { try await refused.call("status") }
    }

    @Test("a line that is longer than any may be is refused, and the next one is answered")
    func tooLong() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/vivavoce-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let door = try ControlDoor(
            at: folder + "/control.sock", to: IdleAssistant(), telling: EventBus(), version: "v", mode: { .hold },
            now: { 0 })
        let serving = Task { await door.run() }
        let client = try await patientClient(of: door.path)
        let text = String(repeating: "x", count: RPC.longestLine)
        let error = await #expect(throws: ControlError.self) { try await client.call("say", ["text": .string(text)]) }
        guard case .refused(let failure)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(failure.code == -32600 && failure.message.contains("262144"), "\(failure)")
        #expect(try await client.call("status")["mode"] == "hold")
        await client.close()
        serving.cancel()
        await serving.value
    }
}
