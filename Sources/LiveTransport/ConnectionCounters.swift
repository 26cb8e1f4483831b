import LiveProtocol
import Synchronization

/// Counts of one connection. All but the first two are written on the socket thread alone; read anywhere.
final class ConnectionCounters: Sendable {
    /// Written under the connection's lock.
    let bytesQueued = Atomic<Int>(0)
    /// Written under the connection's lock.
    let framesReplaced = Atomic<Int>(0)

    let bytesHeld = Atomic<Int>(0)
    let bytesReceived = Atomic<Int>(0)
    let bytesSent = Atomic<Int>(0)
    let messagesReceived = Atomic<Int>(0)
    let messagesSent = Atomic<Int>(0)
    let pongsReceived = Atomic<Int>(0)

    /// Adds without a locked instruction: there is one writer.
    static func add(_ amount: Int, to counter: borrowing Atomic<Int>) {
        counter.store(counter.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    var progress: ConnectionProgress {
        var progress = ConnectionProgress()
        progress.bytesReceived = bytesReceived.load(ordering: .relaxed)
        progress.bytesSent = bytesSent.load(ordering: .relaxed)
        progress.messagesReceived = messagesReceived.load(ordering: .relaxed)
        progress.messagesSent = messagesSent.load(ordering: .relaxed)
        progress.pongsReceived = pongsReceived.load(ordering: .relaxed)
        progress.framesReplaced = framesReplaced.load(ordering: .relaxed)
        progress.bytesWaiting = bytesQueued.load(ordering: .relaxed) + bytesHeld.load(ordering: .relaxed)
        return progress
    }
}
