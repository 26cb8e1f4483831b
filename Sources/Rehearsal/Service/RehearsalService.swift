import FlyingFox
import FlyingSocks
import Foundation

/// A local stand-in for the Live API: WebSocket connections on loopback, answered by voice.
///
/// Start it with `run()` in a task of its own, then ask `url()` where it is.
package final class RehearsalService: Sendable {
    let configuration: RehearsalConfiguration
    private let server: HTTPServer
    /// Where clients connect, when faults of the transport are asked for.
    private let relay: FaultRelay?
    private let shared: Connection.Shared
    private let arrivals: AsyncStream<Connection>
    private let arrive: AsyncStream<Connection>.Continuation

    /// - Throws: `.listen` for a host that is no IPv4 address or, with a relay, a port that is taken, `.file` for a log that cannot be written, `.speech` when
    ///   the ears' models are not installed: a service that cannot hear must not look healthy.
    package init(_ configuration: RehearsalConfiguration) throws(RehearsalError) {
        try SpeechDecoder.checkModels()
        self.configuration = configuration
        shared = try Connection.Shared(configuration)
        let address: sockaddr_in
        relay =
            configuration.needsRelay
            ? try FaultRelay(
                host: configuration.host, port: configuration.port, longestSilence: configuration.longestSilence) : nil
        do {
            // Behind a relay nobody else needs to know the port.
            address =
                relay == nil
                ? try .inet(ip4: configuration.host, port: configuration.port) : try .inet(ip4: "127.0.0.1", port: 0)
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
        let admission = Admission(requiredKey: configuration.requiredKey, refusal: configuration.refusal) {
            [shared] in shared.tokens.isGood($0, now: Date())
        }
        await server.appendRoute(HTTPRoute("*")) { [shared, arrive, relay] request in
            switch admission.judge(request) {
            case .refused(let status, let message):
                shared.configuration.report("refused with \(status): \(request.target.path())")
                return Admission.response(status: status, message: message)
            case .mint: return await Self.mint(request, shared.tokens)
            case .welcome(let version, let token):
                let number = shared.nextNumber()
                let plan = shared.configuration.chaos.map { ChaosPlan($0, connection: number) }
                if let status = plan?.refusal {
                    shared.log?.write("fault", connection: number, ("fault", "refuse"))
                    shared.configuration.report("connection \(number): fault: refused with \(status)")
                    return Admission.response(status: status, message: "The service is currently unavailable.")
                }
                let route = relay.flatMap { relay in
                    request.port.map { Connection.Route(relay: relay, port: $0) }
                }
                let handler = UpgradeHandler(arrive: arrive) { frames in
                    Connection(
                        number: number, frames: frames, version: version, token: token, shared: shared, route: route,
                        plan: plan)
                }
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
                if let relay {
                    group.addTask { [server] in
                        try await server.waitUntilListening(timeout: 20)
                        guard case .ip4(_, let port) = await server.listeningAddress else { return }
                        await relay.run(to: port)
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

    /// Answers `POST …/auth_tokens`.
    private static func mint(_ request: HTTPRequest, _ tokens: TokenStore) async -> HTTPResponse {
        guard let body = try? await request.bodyData else {
            return Admission.response(status: 400, message: "Request contains an invalid argument.")
        }
        do throws(TokenStore.BadRequest) {
            let reply: JSON = ["name": .string(try tokens.mint(Array(body), now: Date()))]
            return HTTPResponse(
                statusCode: .ok,
                headers: HTTPHeaders([.contentType: "application/json; charset=UTF-8", .connection: "close"]),
                body: Data(JSONWriter.write(reply, pretty: true)))
        } catch {
            return Admission.response(status: 400, message: error.message)
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
        return "ws://\(relay == nil ? host : configuration.host):\(relay?.port ?? port)"
    }
}

/// Makes a connection of an upgrade, and hands it to the service's task group.
private struct UpgradeHandler: WSHandler {
    let arrive: AsyncStream<Connection>.Continuation
    let connect: @Sendable (AsyncThrowingStream<WSFrame, any Error>) -> Connection

    func makeFrames(for client: AsyncThrowingStream<WSFrame, any Error>) async throws -> AsyncStream<WSFrame> {
        let connection = connect(client)
        arrive.yield(connection)
        return connection.outbox.frames
    }
}

extension HTTPRequest {
    /// The port at the client's end, or at the relay's.
    fileprivate var port: UInt16? {
        if case .ip4(_, let port) = remoteAddress { port } else { nil }
    }
}
