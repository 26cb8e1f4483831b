import LiveProtocol
import LiveTransport
import TestKit
import Testing

@Suite("A plain connection", .timeLimit(.minutes(1)))
struct ConversationTests {
    let transport = WebSocketTransport()
    let witness = Witness()

    @Test("opens, carries messages both ways, and closes with the code given")
    func wholeLife() async throws {
        let peer = try ScriptedPeer { peer in
            try peer.accept()
            while let frame = try peer.readFrame() {
                if frame.opcode == 8 {
                    try peer.send(frame)
                    return
                }
                try peer.send(.init(opcode: 2, payload: Array("you said ".utf8) + frame.payload))
            }
        }
        let connection = transport.open(
            .local(peer.port, path: "/live?alt=ws", headers: [.init("x-goog-api-key", "secret")]), handler: witness)

        #expect(await witness.next() == .opened)
        #expect(connection.send(Array("hello".utf8)))
        #expect(try await witness.nextText() == "you said hello")
        connection.close(code: 1000, reason: "bye")
        #expect(try await witness.end().cause == .closedHere)
        #expect(await witness.next() == nil)
        #expect(peer.heads.count == 1)
        #expect(peer.heads[0].hasPrefix("GET /live?alt=ws HTTP/1.1\r\n"))
        #expect(peer.heads[0].contains("x-goog-api-key: secret"))
        #expect(peer.failures == [])
    }
}
