internal import Foundation
import Synchronization

/// A TCP relay on loopback that can be made as bad as a real network, while connections run through it.
///
/// Delay, jitter, stalls, cap and cuts apply to bytes read after they were set. Threads, not tasks: it may block.
package final class ImpairmentProxy: Sendable {
    package struct Impairment: Sendable, Equatable {
        /// Added to every byte's way, in each direction.
        package var delay: Duration = .zero
        /// Bytes a second in each direction; nil for as many as come.
        package var bytesPerSecond: Int?
        /// Longest piece written at once, so that frames arrive in splinters; nil for pieces as they come.
        package var pieceSize: Int?
        /// The most by which a piece is faster or slower than `delay`; the order of bytes is kept.
        package var jitter: Duration = .zero
        /// Moments at which nothing comes out; one network's, so common to all connections.
        package var stalls: NetworkWeather.Stalls?

        package init(
            delay: Duration = .zero, jitter: Duration = .zero, bytesPerSecond: Int? = nil, pieceSize: Int? = nil,
            stalls: NetworkWeather.Stalls? = nil
        ) {
            (self.delay, self.jitter, self.bytesPerSecond) = (delay, jitter, bytesPerSecond)
            (self.pieceSize, self.stalls) = (pieceSize, stalls)
        }
    }

    private enum Flow {
        case flowing
        /// Nothing is read: buffers fill up behind it.
        case stalled
        /// Everything is read and nothing passed on, as if the other end had left without a word.
        case swallowing
    }

    private struct State {
        var impairment = Impairment()
        var weather: NetworkWeather
        var flow = Flow.flowing
        var sockets: [ByteSocket] = []
    }

    private final class Shared: @unchecked Sendable {
        // Unchecked: `state` is guarded by `condition`, which threads also wait on.
        let condition = NSCondition()
        var state: State
        let began = ContinuousClock.now

        init(seed: UInt64) { state = State(weather: NetworkWeather(seed: seed)) }

        func change(_ body: (inout State) -> Void) {
            condition.lock()
            body(&state)
            condition.broadcast()
            condition.unlock()
        }

        func read<Value>(_ body: (State) -> Value) -> Value {
            condition.lock()
            defer { condition.unlock() }
            return body(state)
        }

        /// When bytes that were read just now come out.
        func arrival() -> ContinuousClock.Instant {
            let now = began.duration(to: .now)
            condition.lock()
            defer { condition.unlock() }
            let (delay, jitter) = (state.impairment.delay, state.impairment.jitter)
            return began
                + state.weather.arrival(of: now, delay: delay, jitter: jitter, stalls: state.impairment.stalls)
        }

        /// Waits while stalled; says how to go on.
        func pass() -> (Impairment, isSwallowing: Bool) {
            condition.lock()
            defer { condition.unlock() }
            while state.flow == .stalled { condition.wait() }
            return (state.impairment, state.flow == .swallowing)
        }
    }

    private let shared: Shared
    private let listener: Listener

    package var port: Int { listener.port }

    /// - Parameters:
    ///   - port: where the server listens.
    ///   - receiveBuffer: bytes the kernel may hold for the relay; small ones make a stall felt soon.
    ///   - seed: of jitter and stalls.
    package init(to port: Int, receiveBuffer: CInt? = nil, seed: UInt64 = 1) throws {
        shared = Shared(seed: seed)
        listener = try Listener(receiveBuffer: receiveBuffer) { [shared] client in
            guard let server = try? ByteSocket.connect(port: port, limit: .seconds(60)) else { return }
            shared.change { $0.sockets += [client, server] }
            Self.relay(from: client, to: server, shared)
            Self.relay(from: server, to: client, shared)
        }
    }

    package func impair(_ impairment: Impairment) { shared.change { $0.impairment = impairment } }

    package func stall() { shared.change { $0.flow = .stalled } }

    package func swallow() { shared.change { $0.flow = .swallowing } }

    package func resume() { shared.change { $0.flow = .flowing } }

    /// Ends all present connections with a reset (RST), as a rebooted router does.
    package func reset() {
        let sockets = shared.read { $0.sockets }
        shared.change {
            $0.sockets = []
            $0.flow = .flowing
        }
        for socket in sockets { socket.reset() }
    }

    /// Reads on one thread and writes on another, so that a delay does not cost throughput.
    private static func relay(from source: ByteSocket, to sink: ByteSocket, _ shared: Shared) {
        let (pieces, feed) = (Backlog(), source)
        startTestThread {
            var latest = ContinuousClock.now
            while true {
                let (impairment, _) = shared.pass()
                guard let bytes = try? feed.read(atMost: impairment.pieceSize ?? 64 << 10), !bytes.isEmpty else {
                    break
                }
                let (_, isSwallowing) = shared.pass()
                latest = max(latest, shared.arrival())
                if !isSwallowing { pieces.put(bytes, due: latest) }
            }
            pieces.finish()
        }
        startTestThread {
            while let (bytes, due) = pieces.take() {
                let wait = ContinuousClock.now.duration(to: due)
                if wait > .zero { Thread.sleep(forTimeInterval: wait / .seconds(1)) }
                let (impairment, isSwallowing) = shared.pass()
                if let rate = impairment.bytesPerSecond {
                    Thread.sleep(forTimeInterval: Double(bytes.count) / Double(rate))
                }
                if !isSwallowing { guard (try? sink.write(bytes)) != nil else { break } }
            }
            sink.shutDown()
        }
    }

    /// What was read and not written yet; the reader waits above 256 KiB.
    private final class Backlog: @unchecked Sendable {
        // Unchecked: guarded by `condition`.
        private let condition = NSCondition()
        private var pieces: [(bytes: [UInt8], due: ContinuousClock.Instant)] = []
        private var byteCount = 0
        private var isOver = false

        func put(_ bytes: [UInt8], due: ContinuousClock.Instant) {
            condition.lock()
            defer { condition.unlock() }
            while byteCount > 256 << 10 { condition.wait() }
            pieces.append((bytes, due))
            byteCount += bytes.count
            condition.broadcast()
        }

        func take() -> (bytes: [UInt8], due: ContinuousClock.Instant)? {
            condition.lock()
            defer { condition.unlock() }
            while pieces.isEmpty, !isOver { condition.wait() }
            guard !pieces.isEmpty else { return nil }
            let piece = pieces.removeFirst()
            byteCount -= piece.bytes.count
            condition.broadcast()
            return piece
        }

        func finish() {
            condition.lock()
            isOver = true
            condition.broadcast()
            condition.unlock()
        }
    }
}
