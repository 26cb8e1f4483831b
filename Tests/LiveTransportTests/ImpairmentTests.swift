import LiveProtocol
import LiveTransport
import Synchronization
import TestKit
import Testing

@Suite("A connection over a bad network", .timeLimit(.minutes(5)))
struct ImpairmentTests {
    let transport = WebSocketTransport()
    let witness = Witness()

    /// A peer that repeats what it hears, behind a relay.
    func dial(
        _ impairment: ImpairmentProxy.Impairment = .init()
    ) async throws -> (connection: any Connection, relay: ImpairmentProxy) {
        let peer = try ScriptedPeer { peer in
            try peer.accept()
            while let frame = try peer.readFrame(), frame.opcode != 8 {
                try peer.send(.init(opcode: frame.opcode == 9 ? 10 : 2, payload: frame.payload))
            }
        }
        let relay = try ImpairmentProxy(to: peer.port)
        relay.impair(impairment)
        let connection = transport.open(.local(relay.port), handler: witness)
        try #require(await witness.next() == .opened)
        return (connection, relay)
    }

    @Test(
        "that splinters, delays, jitters, throttles or stalls loses nothing and keeps the order",
        arguments: [
            ImpairmentProxy.Impairment(pieceSize: 1), .init(delay: .milliseconds(20)),
            .init(bytesPerSecond: 200_000), .init(delay: .milliseconds(5), bytesPerSecond: 500_000, pieceSize: 100),
            .init(delay: .milliseconds(10), jitter: .milliseconds(10), pieceSize: 50),
            .init(jitter: .milliseconds(5), stalls: .init(length: .milliseconds(50), every: .milliseconds(50))),
        ])
    func impaired(impairment: ImpairmentProxy.Impairment) async throws {
        let (connection, _) = try await dial(impairment)
        for i in 0..<20 { connection.send(Array("\(i) \(String(repeating: "x", count: 10 * i))".utf8)) }
        for i in 0..<20 { #expect(try await witness.nextText().prefix { $0 != " " } == "\(i)") }
    }

    @Test("that resets it is lost")
    func reset() async throws {
        let (_, relay) = try await dial()
        relay.reset()
        #expect(try await witness.end().cause == .lost)
    }

    @Test("whose other end has silently left shows it: what is sent goes, and no pong comes (pitfall 12)")
    func halfOpen() async throws {
        let (connection, relay) = try await dial()
        connection.send(Array("before".utf8))
        #expect(try await witness.nextText() == "before")
        relay.swallow()
        let before = connection.progress
        connection.ping()
        connection.send(Array("after".utf8))
        while connection.progress.messagesSent == before.messagesSent { await Task.yield() }
        #expect(connection.progress.bytesReceived == before.bytesReceived)
        #expect(connection.progress.pongsReceived == 0)
        connection.abandon()
        #expect(try await witness.end().cause == .closedHere)
    }

    @Test("ends exactly once, whatever is called on it and whenever", arguments: [1, 2, 3] as [UInt64])
    func anything(seed: UInt64) async throws {
        let peer = try ScriptedPeer { peer in
            try peer.accept()
            while let frame = try peer.readFrame(), frame.opcode != 8 { try peer.send(text: "yes") }
        }
        let refuser = try ScriptedPeer { try $0.refuse("503 Busy", body: "") }
        let ports = [peer.port, peer.port, refuser.port, try Listener.closedPort()]
        try await withThrowingTaskGroup { group in
            for number in 0..<60 {
                group.addTask { [transport] in
                    var random = SeededGenerator(seed: seed &* 1000 &+ UInt64(number))
                    let witness = Witness()
                    let connection = transport.open(.local(ports.randomElement(using: &random)!), handler: witness)
                    for _ in 0..<Int.random(in: 0..<12, using: &random) {
                        switch Int.random(in: 0..<8, using: &random) {
                        case 0:
                            connection.send([UInt8](repeating: 1, count: Int.random(in: 0..<50_000, using: &random)))
                        case 1: connection.offerFrame([2])
                        case 2: witness.say("voice", on: connection)
                        case 3: connection.ping()
                        case 4: connection.close(code: 1000, reason: "seed \(seed), number \(number)")
                        case 5: connection.abandon()
                        case 6: _ = connection.progress
                        default: for _ in 0..<Int.random(in: 0..<2000, using: &random) { await Task.yield() }
                        }
                    }
                    connection.abandon()
                    while await witness.next() != nil {}
                    #expect(witness.ends == 1, "seed \(seed), number \(number)")
                }
            }
            try await group.waitForAll()
        }
    }
}
