import FlyingFox
import FlyingSocks
import Foundation

/// A local stand-in for the Live API: WebSocket connections on loopback, answered by voice.
///
/// Start it with `run()` in a task of its own, then ask `url()` where it is.
package final class RehearsalService: Sendable {
    let configuration: RehearsalConfiguration
    private let server: HTTPServer
    private let shared: Connection.Shared
    private let arrivals: AsyncStream<Connection>
    private let arrive: AsyncStream<Connection>.Continuation

    /// - Throws: `.listen` for a host that is no IPv4 address, `.file` for a log that cannot be written, `.speech` when
    ///   the ears' models are not installed: a service that cannot hear must not look healthy.
    package init(_ configuration: RehearsalConfiguration) throws(RehearsalError) {
        try SpeechDecoder.checkModels()
        self.configuration = configuration
        shared = try Connection.Shared(configuration)
        let address: sockaddr_in
        do {
            address = try .inet(ip4: configuration.host, port: configuration.port)
        } catch {
            throw RehearsalError(.listen, "\(configuration.host) is not an IPv4 address")
        }
        server = HTTPServer(
            config: .init(address: address, timeout: 15, pool: PromptPool(), logger: .disabled), handler: nil)
        // Bound: connections that were let in and wait for their task to start, which is a matter of microseconds.
        (arrivals, arrive) = AsyncStream.makeStream(of: Connection.self, bufferingPolicy: .bufferingOldest(1_024))
    }

    /// Serves until the task is cancelled. Ignores SIGPIPE in the whole process, as every socket program must.
    /// - Throws: `.listen` when the address is taken.
    package func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let admission = Admission(requiredKey: configuration.requiredKey, refusal: configuration.refusal)
        await server.appendRoute(HTTPRoute("*")) { [shared, arrive] request in
            switch admission.judge(request) {
            case .refused(let status, let message):
                shared.configuration.report("refused with \(status): \(request.target.path())")
                return Admission.response(status: status, message: message)
            case .welcome(let version):
                let handler = UpgradeHandler(version: version, shared: shared, arrive: arrive)
                return try await WebSocketHTTPHandler(handler: handler).handleRequest(request)
            }
        }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [server] in try await server.run() }
                group.addTask { [arrivals] in
                    await withDiscardingTaskGroup { connections in
                        for await connection in arrivals { connections.addTask { await connection.run() } }
                    }
                }
                try await group.next()
                group.cancelAll()
            }
        } catch let error as RehearsalError {
            throw error
        } catch {
            guard !Task.isCancelled else { throw CancellationError() }
            throw RehearsalError(
                .listen, "cannot listen on \(configuration.host):\(configuration.port): \(error.localizedDescription)")
        }
    }

    /// Where clients connect, such as "ws://127.0.0.1:40123"; waits until the service listens.
    /// - Throws: `.listen` when it does not within twenty seconds.
    package func url() async throws(RehearsalError) -> String {
        do {
            try await server.waitUntilListening(timeout: 20)
        } catch {
            throw RehearsalError(.listen, "the service does not listen on \(configuration.host)")
        }
        guard case .ip4(let host, let port) = await server.listeningAddress else {
            throw RehearsalError(.listen, "the service does not listen on \(configuration.host)")
        }
        return "ws://\(host):\(port)"
    }
}

/// Makes a connection of every upgrade, and hands it to the service's task group.
private struct UpgradeHandler: WSHandler {
    let version: String
    let shared: Connection.Shared
    let arrive: AsyncStream<Connection>.Continuation

    func makeFrames(for client: AsyncThrowingStream<WSFrame, any Error>) async throws -> AsyncStream<WSFrame> {
        let connection = Connection(frames: client, version: version, shared: shared)
        arrive.yield(connection)
        return connection.outbox.frames
    }
}
