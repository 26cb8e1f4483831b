package import LiveProtocol
import Synchronization

/// A transport whose connections are played by the test: it says what the service says, and sees what is sent.
package final class FakeTransport: Transport {
    private let dials = AsyncStream.makeStream(of: FakeConnection.self)
    private let dialled = Mutex(0)

    package init() {}

    /// How often it was asked to dial.
    package var dialCount: Int { dialled.withLock { $0 } }

    package func open(_ endpoint: Endpoint, handler: any ConnectionHandler) -> any Connection {
        dialled.withLock { $0 += 1 }
        let connection = FakeConnection(handler: handler)
        dials.continuation.yield(connection)
        return connection
    }

    /// The next connection that is dialled, in order; waits for it.
    package func nextConnection() async -> FakeConnection? {
        var iterator = dials.stream.makeAsyncIterator()
        return await iterator.next()
    }
}

/// One connection of a `FakeTransport`. What is called on it here stands for the socket thread: one caller at a time.
package final class FakeConnection: Connection {
    private struct State {
        var handler: (any ConnectionHandler)?
        var progress = ConnectionProgress()
        var pings = 0
        var closeCode: UInt16?
        var answersPings = false
        var holdsClose = false
    }

    private let state: Mutex<State>
    private let sent = AsyncStream.makeStream(of: String.self)

    init(handler: any ConnectionHandler) { state = Mutex(State(handler: handler)) }

    // MARK: What the test does

    package func opens() { handler?.connectionOpened(self) }

    package func says(_ message: String) {
        let bytes = Array(message.utf8)
        state.withLock { $0.progress.bytesReceived += bytes.count }
        handler?.connection(self, received: bytes.span)
    }

    /// Once; what comes after it is ignored.
    package func ends(_ reason: Disconnection) {
        let handler = state.withLock { $0.handler.take() }
        handler?.connection(self, ended: reason)
    }

    /// From here on every ping has its pong.
    package func answersPings() { state.withLock { $0.answersPings = true } }

    /// From here on a close is not answered until the test says `ends`.
    package func holdsClose() { state.withLock { $0.holdsClose = true } }

    /// Takes every voice message there is now, as a socket that is never choked does.
    package func takeVoice() -> [String] {
        var messages: [String] = []
        var frame: [UInt8] = []
        while handler?.connection(self, nextVoiceMessage: &frame) == true {
            messages.append(String(decoding: frame, as: UTF8.self))
            frame.removeAll(keepingCapacity: true)
        }
        return messages
    }

    /// The next message that was queued with `send`; waits for it.
    package func nextSent() async -> String? {
        var iterator = sent.stream.makeAsyncIterator()
        return await iterator.next()
    }

    package var pingCount: Int { state.withLock { $0.pings } }
    package var closeCode: UInt16? { state.withLock { $0.closeCode } }

    private var handler: (any ConnectionHandler)? { state.withLock { $0.handler } }

    // MARK: Connection

    package func send(_ message: [UInt8]) -> Bool {
        sent.continuation.yield(String(decoding: message, as: UTF8.self))
        return true
    }

    package func offerFrame(_ message: [UInt8]) {}
    package func voiceIsWaiting() {}
    package func ping() {
        state.withLock { state in
            state.pings += 1
            if state.answersPings { state.progress.pongsReceived += 1 }
        }
    }

    package func close(code: UInt16, reason: String) {
        let isHeld = state.withLock { state in
            state.closeCode = code
            return state.holdsClose
        }
        if !isHeld { ends(Disconnection(.closedHere)) }
    }

    package func abandon() { ends(Disconnection(.closedHere)) }

    package var progress: ConnectionProgress { state.withLock { $0.progress } }
}
