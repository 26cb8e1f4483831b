import LiveProtocol
import LiveTransport
import Synchronization
import TestKit
import Testing

@Suite("A connection", .timeLimit(.minutes(5)))
struct ConversationTests {
    let transport = WebSocketTransport()
    let witness = Witness()

    /// Opens a connection to a peer that, once upgraded, follows the script.
    func converse(
        _ script: @escaping @Sendable (PeerConnection) throws -> Void
    ) async throws -> (connection: any Connection, peer: ScriptedPeer) {
        let peer = try ScriptedPeer { peer in
            try peer.accept()
            try script(peer)
        }
        let connection = transport.open(.local(peer.port), handler: witness)
        try #require(await witness.next() == .opened)
        return (connection, peer)
    }

    @Test("opens with the headers given, carries messages both ways, and closes with the code given")
    func wholeLife() async throws {
        let peer = try ScriptedPeer { peer in
            try peer.accept()
            while let frame = try peer.readFrame() {
                if frame.opcode == 8 {
                    #expect(frame.payload == [3, 232] + Array("bye".utf8))
                    return try peer.send(frame)
                }
                #expect(frame.opcode == 1, "messages go up as text frames")
                try peer.send(.init(opcode: 2, payload: Array("you said ".utf8) + frame.payload))
            }
        }
        let connection = transport.open(
            .local(peer.port, path: "/live?alt=ws", headers: [.init("x-goog-api-key", "secret")]), handler: witness)
        #expect(connection.send(Array("early".utf8)), "what is sent before the upgrade waits for it")
        #expect(await witness.next() == .opened)
        #expect(connection.send(Array("hello".utf8)))
        #expect(try await witness.nextText() == "you said early")
        #expect(try await witness.nextText() == "you said hello")
        #expect(connection.progress.messagesSent == 2 && connection.progress.bytesSent == 10)
        #expect(connection.progress.messagesReceived == 2 && connection.progress.bytesReceived == 28)
        #expect(connection.progress.bytesWaiting == 0)
        connection.close(code: 1000, reason: "bye")
        #expect(try await witness.end().cause == .closedHere)
        #expect(await witness.next() == nil)
        #expect(!connection.send([1]))
        #expect(peer.heads.count == 1)
        #expect(peer.heads[0].hasPrefix("GET /live?alt=ws HTTP/1.1\r\n"))
        #expect(peer.heads[0].contains("x-goog-api-key: secret"))
        #expect(peer.failures == [])
    }

    // MARK: Receiving

    /// A stream with all that a server may send, and the messages in it.
    static let stream: (bytes: [UInt8], messages: [[UInt8]]) = {
        let long = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let middle = Array(long.prefix(300))
        let frames: [PeerConnection.Frame] = [
            .init(opcode: 2, payload: Array("{\n}\n".utf8)),
            .init(opcode: 1, payload: Array("schön".utf8)),
            .init(opcode: 1, payload: [0xff, 0xfe]),  // no UTF-8; the service's business, not the socket's
            .init(opcode: 2, payload: []),
            .init(isFinal: false, opcode: 2, payload: Array(middle.prefix(100))),
            .init(opcode: 9, payload: Array("are you there".utf8)),
            .init(isFinal: false, opcode: 0, payload: []),
            .init(isFinal: false, opcode: 0, payload: Array(middle[100..<101])),
            .init(opcode: 10, payload: []),
            .init(opcode: 0, payload: Array(middle[101...])),
            .init(opcode: 2, payload: middle),
            .init(opcode: 2, payload: long),
            .init(opcode: 1, payload: Array("end".utf8)),
        ]
        return (
            frames.flatMap(PeerConnection.encode),
            [Array("{\n}\n".utf8), Array("schön".utf8), [0xff, 0xfe], [], middle, middle, long, Array("end".utf8)]
        )
    }()

    @Test(
        "hands over whole messages in order, however cut, text or binary, with control frames between (pitfall 18)",
        arguments: [1, 7, 125, 1460, 16_384, 1_000_000])
    func cuts(size: Int) async throws {
        let (connection, peer) = try await converse { peer in
            for start in stride(from: 0, to: Self.stream.bytes.count, by: size) {
                try peer.socket.write(Self.stream.bytes[start..<min(start + size, Self.stream.bytes.count)])
            }
            #expect(try peer.readFrame() == .init(opcode: 10, payload: Array("are you there".utf8)))
            _ = try peer.readFrame()
        }
        for message in Self.stream.messages { #expect(await witness.next() == .message(message)) }
        #expect(connection.progress.messagesReceived == Self.stream.messages.count)
        #expect(connection.progress.pongsReceived == 1)
        connection.close(code: 1000, reason: "")
        _ = try await witness.end()
        #expect(peer.failures == [])
    }

    @Test("takes a first message that comes in one segment with the upgrade's answer")
    func coalesced() async throws {
        let peer = try ScriptedPeer { peer in
            try peer.socket.write(peer.acceptance() + Self.stream.bytes)
            _ = try peer.readFrame()
        }
        _ = transport.open(.local(peer.port), handler: witness)
        #expect(await witness.next() == .opened)
        for message in Self.stream.messages { #expect(await witness.next() == .message(message)) }
    }

    @Test("joins a message of 16 MiB from its fragments")
    func largest() async throws {
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        _ = try await converse { peer in
            for i in 0..<16 { try peer.send(.init(isFinal: i == 15, opcode: i == 0 ? 2 : 0, payload: piece)) }
            _ = try peer.readFrame()
        }
        guard case .message(let message) = await witness.next() else { throw Witness.Surprise() }
        #expect(message.count == 16 << 20 && message.allSatisfy { $0 == 7 })
    }

    @Test("closes with 1009 when a message grows beyond 16 MiB, or announces that it will", arguments: [false, true])
    func tooLong(isAnnounced: Bool) async throws {
        let (reports, report) = AsyncStream.makeStream(of: PeerConnection.Frame?.self)
        _ = try await converse { peer in
            let piece = [UInt8](repeating: 7, count: 1 << 20)
            if isAnnounced {
                try peer.socket.write([0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0] + piece)  // the start of a terabyte
            } else {
                for i in 0..<16 { try peer.send(.init(isFinal: false, opcode: i == 0 ? 2 : 0, payload: piece)) }
                try peer.send(.init(isFinal: false, opcode: 0, payload: [7]))
            }
            report.yield(try peer.readFrame())
        }
        #expect(try await witness.end().cause == .protocolError(code: 1009))
        var iterator = reports.makeAsyncIterator()
        #expect(await iterator.next() == PeerConnection.Frame(opcode: 8, payload: [0x03, 0xf1]))
    }

    // MARK: Ending

    @Test(
        "ends with the peer's code and reason, and answers its close frame",
        arguments: [
            (1000, ""), (1007, "API key not valid. Please pass a valid API key."), (1011, "größer"), (4999, "x"),
        ])
    func closedByPeer(code: UInt16, reason: String) async throws {
        let (answers, answer) = AsyncStream.makeStream(of: PeerConnection.Frame?.self)
        _ = try await converse { peer in
            try peer.sendClose(code, reason)
            answer.yield(try peer.readFrame())
        }
        let end = try await witness.end()
        #expect(end.cause == .closed(code: code, reason: reason))
        #expect(end.detail.contains("\(code)") && end.detail.contains(reason))
        var iterator = answers.makeAsyncIterator()
        let echo = try #require(await iterator.next() ?? nil)
        #expect(echo.opcode == 8 && echo.payload.prefix(2) == [UInt8(code >> 8), UInt8(code & 255)])
    }

    @Test("says 1005 when the close frame carried no code")
    func closedWithoutCode() async throws {
        _ = try await converse { peer in
            try peer.send(.init(opcode: 8, payload: []))
            _ = try peer.readFrame()
        }
        #expect(try await witness.end().cause == .closed(code: 1005, reason: ""))
    }

    @Test("is lost when the stream ends without a close frame, in the middle of a frame or not", arguments: [0, 1, 3])
    func lost(count: Int) async throws {
        _ = try await converse { peer in try peer.socket.write([UInt8]([0x81, 0x05, 0x61].prefix(count))) }
        #expect(try await witness.end().cause == .lost)
    }

    @Test("is lost when the peer resets the connection")
    func reset() async throws {
        _ = try await converse { $0.socket.reset() }
        #expect(try await witness.end().cause == .lost)
    }

    @Test(
        "ends with a protocol error when the peer's bytes are no frames",
        arguments: [
            [0x83, 0x00],  // opcode 3 is reserved
            [0xc1, 0x01, 0x61],  // no extension was agreed on, but RSV1 is set
            [0x80, 0x01, 0x61],  // nothing to continue
            [0x09, 0x01, 0x61],  // a ping in fragments
            [0x89, 0x7e, 0x00, 0x7e],  // a ping of more than 125 bytes
        ] as [[UInt8]])
    func nonsense(bytes: [UInt8]) async throws {
        _ = try await converse { peer in
            try peer.socket.write(bytes)
            _ = try peer.readFrame()
        }
        #expect(try await witness.end().cause == .protocolError(code: 1002))
    }

    @Test("closed here, ends within its second though the peer does not answer, and says that it did not")
    func unansweredClose() async throws {
        let (arrivals, arrival) = AsyncStream.makeStream(of: PeerConnection.Frame?.self)
        let (connection, _) = try await converse { peer in
            arrival.yield(try peer.readFrame())
            _ = try peer.readFrame()
        }
        let reason = String(repeating: "ü", count: 100)
        connection.close(code: 1001, reason: reason)
        #expect(try await witness.end().cause == .closeUnanswered)
        var iterator = arrivals.makeAsyncIterator()
        let frame = try #require(await iterator.next() ?? nil)
        #expect(frame.opcode == 8 && frame.payload.prefix(2) == [0x03, 0xe9])
        #expect(String(decoding: frame.payload.dropFirst(2), as: UTF8.self) == String(repeating: "ü", count: 61))
    }

    @Test("closed here and answered by a reset, says that the close was not answered: what was sent may be unread")
    func resetOnClose() async throws {
        let (connection, _) = try await converse { peer in
            _ = try peer.readFrame()
            peer.socket.reset()
        }
        connection.close(code: 1000, reason: "")
        #expect(try await witness.end().cause == .closeUnanswered)
    }

    @Test("sends what was queued before it closes")
    func flushThenClose() async throws {
        let (arrivals, arrival) = AsyncStream.makeStream(of: UInt8.self)
        let (connection, _) = try await converse { peer in
            while let frame = try peer.readFrame() {
                arrival.yield(frame.opcode)
                if frame.opcode == 8 { return try peer.send(frame) }
            }
        }
        for _ in 0..<20 { connection.send([UInt8](repeating: 1, count: 100_000)) }
        connection.close(code: 1000, reason: "")
        #expect(try await witness.end().cause == .closedHere)
        var opcodes: [UInt8] = []
        for await opcode in arrivals {
            opcodes.append(opcode)
            if opcode == 8 { break }
        }
        #expect(opcodes == [UInt8](repeating: 1, count: 20) + [8])
    }

    @Test("abandoned, ends at once and without a close frame")
    func abandoned() async throws {
        let (arrivals, arrival) = AsyncStream.makeStream(of: Bool.self)
        let (connection, _) = try await converse { peer in
            let frame = try? peer.readFrame()
            arrival.yield(frame == nil)
        }
        connection.abandon()
        #expect(try await witness.end().cause == .closedHere)
        var iterator = arrivals.makeAsyncIterator()
        #expect(await iterator.next() == true)
    }

    @Test("closed before it opened, ends without ado")
    func closedEarly() async throws {
        let peer = try ScriptedPeer { _ = try $0.socket.read() }
        let connection = transport.open(.local(peer.port), handler: witness)
        connection.close(code: 1000, reason: "changed my mind")
        #expect(try await witness.end().cause == .closedHere)
    }

    @Test("lets go of its handler once it has ended")
    func releasesHandler() async throws {
        var handler: Witness? = Witness()
        weak let watched = handler
        let peer = try ScriptedPeer { try $0.accept() }
        let connection = transport.open(.local(peer.port), handler: try #require(handler))
        _ = try await handler?.end()
        handler = nil
        // The last reference falls when the call that told the end has returned on the socket thread.
        for _ in 0..<1000 where watched != nil { await Task.yield() }
        #expect(watched == nil)
        #expect(!connection.send([1]))
    }

    // MARK: Sending

    @Test("carries a thousand quick messages in order, both ways")
    func thousandMessages() async throws {
        let (connection, peer) = try await converse { peer in
            while let frame = try peer.readFrame(), frame.opcode == 1 {
                try peer.send(.init(opcode: 2, payload: frame.payload))
            }
        }
        for i in 0..<1000 { connection.send(Array("\(i) \(String(repeating: "x", count: i))".utf8)) }
        for i in 0..<1000 { #expect(try await witness.nextText().prefix { $0 != " " } == "\(i)") }
        #expect(connection.progress.messagesSent == 1000 && connection.progress.bytesWaiting == 0)
        #expect(peer.failures == [])
    }

    @Test("counts the pong to its ping")
    func ping() async throws {
        let (connection, _) = try await converse { peer in
            let frame = try peer.readFrame()
            #expect(frame?.opcode == 9)
            try peer.send(.init(opcode: 10, payload: frame?.payload ?? []))
            try peer.send(text: "ponged")
            _ = try peer.readFrame()
        }
        #expect(connection.progress.pongsReceived == 0)
        connection.ping()
        #expect(try await witness.nextText() == "ponged")
        #expect(connection.progress.pongsReceived == 1)
    }

    @Test("asks for voice when it is told that some waits, and sends all of it")
    func voice() async throws {
        let (connection, _) = try await converse { peer in
            while let frame = try peer.readFrame(), frame.opcode == 1 { try peer.send(frame) }
        }
        for i in 0..<50 {
            witness.say("voice \(i)", on: connection)
            #expect(try await witness.nextText() == "voice \(i)")
        }
        #expect(connection.progress.messagesSent == 50)
    }
}

@Suite("A connection whose peer does not read", .timeLimit(.minutes(5)))
struct StallTests {
    let witness = Witness()

    /// A peer behind a relay that can be stalled; it reports each message it reads.
    struct Stalled {
        let connection: any Connection
        let relay: ImpairmentProxy
        let arrivals: AsyncStream<String>
        let peer: ScriptedPeer

        init(_ transport: WebSocketTransport, _ witness: Witness) async throws {
            let (arrivals, arrival) = AsyncStream.makeStream(of: String.self)
            self.arrivals = arrivals
            peer = try ScriptedPeer { peer in
                try peer.accept()
                while let frame = try peer.readFrame() { arrival.yield(frame.text) }
            }
            relay = try ImpairmentProxy(to: peer.port, receiveBuffer: 8 << 10)
            connection = transport.open(.local(relay.port), handler: witness)
            try #require(await witness.next() == .opened)
        }

        /// Fills the way to the peer until something waits here.
        func fill() async {
            relay.stall()
            connection.send([UInt8](repeating: 0x2e, count: 4 << 20))
            while connection.progress.bytesSent == 0 { await Task.yield() }
        }
    }

    @Test("shows what waits, and ends with .sendQueueOverflow at the bound (pitfalls 12, 36)")
    func overflow() async throws {
        var configuration = WebSocketTransport.Configuration()
        configuration.longestQueue = 1 << 20
        let stalled = try await Stalled(WebSocketTransport(configuration: configuration), witness)
        stalled.relay.stall()
        let message = [UInt8](repeating: 0x2e, count: 200_000)
        var waiting: [Int] = []
        while stalled.connection.send(message) {
            waiting.append(stalled.connection.progress.bytesWaiting)
            if waiting.count > 1000 { break }
        }
        #expect(waiting.count < 1000)
        let most = try #require(waiting.max())
        #expect(most > 500_000 && most <= (1 << 20) + message.count)
        #expect(try await witness.end().cause == .sendQueueOverflow)
        #expect(stalled.connection.progress.bytesWaiting == 0)
    }

    @Test("leaves voice in its ring and keeps the newest frame only (pitfalls 36, 53)")
    func staleMedia() async throws {
        let stalled = try await Stalled(WebSocketTransport(), witness)
        await stalled.fill()
        for i in 0..<5 {
            stalled.connection.offerFrame(Array("frame \(i)".utf8))
            witness.say("voice \(i)", on: stalled.connection)
        }
        stalled.connection.send(Array("text".utf8))
        #expect(stalled.connection.progress.framesReplaced == 4)
        #expect(witness.voiceWaiting == 5, "nothing asked for voice while the socket took none")
        stalled.relay.resume()
        var iterator = stalled.arrivals.makeAsyncIterator()
        #expect(await iterator.next()?.utf8.count == 4 << 20)
        #expect(await iterator.next() == "text")
        for i in 0..<5 { #expect(await iterator.next() == "voice \(i)") }
        #expect(await iterator.next() == "frame 4")
        while stalled.connection.progress.bytesWaiting > 0 { await Task.yield() }
    }

    @Test("can still be closed, within a second, and abandoned")
    func closing() async throws {
        let stalled = try await Stalled(WebSocketTransport(), witness)
        await stalled.fill()
        stalled.connection.close(code: 1000, reason: "")
        #expect(try await witness.end().cause == .closeUnanswered)
        let second = Witness()
        let other = try await Stalled(WebSocketTransport(), second)
        await other.fill()
        other.connection.abandon()
        #expect(try await second.end().cause == .closedHere)
    }
}

@Suite("The socket thread", .timeLimit(.minutes(5)), .serialized)
struct SocketThreadTests {
    @Test("serves many connections at once, each with its own messages")
    func manyConnections() async throws {
        let peer = try ScriptedPeer { peer in
            try peer.accept()
            while let frame = try peer.readFrame(), frame.opcode == 1 { try peer.send(frame) }
        }
        let transport = WebSocketTransport()
        let witnesses = (0..<64).map { _ in Witness() }
        let connections = witnesses.map { transport.open(.local(peer.port), handler: $0) }
        for witness in witnesses {
            let event = await witness.next()
            #expect(event == .opened)
        }
        for round in 0..<10 {
            for (i, witness) in witnesses.enumerated() { witness.say("\(i) \(round)", on: connections[i]) }
            for (i, witness) in witnesses.enumerated() { #expect(try await witness.nextText() == "\(i) \(round)") }
        }
    }

    @Test("stopped, ends every connection and itself")
    func stops() async throws {
        let peer = try ScriptedPeer { peer in
            try peer.accept()
            _ = try peer.readFrame()
        }
        let thread = SocketThread()
        let transport = WebSocketTransport(thread: thread)
        let witnesses = (0..<3).map { _ in Witness() }
        for witness in witnesses { _ = transport.open(.local(peer.port), handler: witness) }
        for witness in witnesses { #expect(await witness.next() == .opened) }
        thread.stop()
        for witness in witnesses { #expect(try await witness.end().cause == .closedHere) }
    }

    @Test("leaves no descriptor and no thread behind after fifty connections")
    func leaksNothing() async throws {
        let peer = try ScriptedPeer { peer in
            try peer.accept()
            _ = try peer.readFrame()
        }
        let before = ProcessFootprint.now
        do {
            let transport = WebSocketTransport()
            for i in 0..<50 {
                let witness = Witness()
                let connection = transport.open(
                    Endpoint(host: i % 2 == 0 ? "localhost" : "127.0.0.1", port: peer.port, isSecure: false, path: "/"),
                    handler: witness)
                #expect(await witness.next() == .opened)
                if i % 3 == 0 { connection.abandon() } else { connection.close(code: 1000, reason: "") }
                #expect(try await witness.end().cause == .closedHere)
            }
        }
        // The threads and the peer's side wind down on their own time.
        while ProcessFootprint.now.socketThreads > before.socketThreads
            || ProcessFootprint.now.sockets > before.sockets
        { await Task.yield() }
    }
}
