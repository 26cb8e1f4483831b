/// What waits to be sent on one connection, except voice: that waits in its ring, where its age is bounded.
///
/// Two policies (pitfall 36): messages keep their order and are never dropped, so their bytes are bounded and the
/// caller gives the connection up when the bound is passed; of video frames only the newest waits. Pure; the owner
/// locks.
struct SendQueue: Equatable, Sendable {
    /// Most bytes of messages that may wait.
    let limit: Int

    /// Bytes that wait, the frame included.
    private(set) var bytes = 0

    /// Frames that were replaced before they were sent.
    private(set) var framesReplaced = 0

    private var messages: [[UInt8]] = []
    private var taken = 0
    private var messageBytes = 0
    private var frame: [UInt8]?

    init(limit: Int) { self.limit = limit }

    /// Puts a message behind the others. - Returns: false, changing nothing, when more than `limit` bytes would wait.
    mutating func append(_ message: [UInt8]) -> Bool {
        guard message.count <= limit - messageBytes else { return false }
        messages.append(message)
        messageBytes += message.count
        bytes += message.count
        return true
    }

    /// Makes this the frame that waits.
    mutating func offerFrame(_ message: [UInt8]) {
        if let old = frame {
            framesReplaced += 1
            bytes -= old.count
        }
        frame = message
        bytes += message.count
    }

    /// Takes the oldest message.
    mutating func nextMessage() -> [UInt8]? {
        guard taken < messages.count else { return nil }
        let message = messages[taken]
        messages[taken] = []  // its bytes are the caller's now
        taken += 1
        if taken == messages.count {
            messages.removeAll(keepingCapacity: taken <= 256)
            taken = 0
        } else if taken == 256 {  // amortised: a queue that never runs dry must not grow for ever
            messages.removeFirst(taken)
            taken = 0
        }
        messageBytes -= message.count
        bytes -= message.count
        return message
    }

    /// Takes the frame that waits.
    mutating func nextFrame() -> [UInt8]? {
        guard let frame else { return nil }
        self.frame = nil
        bytes -= frame.count
        return frame
    }

    /// Forgets everything that waits.
    mutating func removeAll() {
        (messages, taken, messageBytes, frame, bytes) = ([], 0, 0, nil, 0)
    }
}
