/// Joins the pieces of a WebSocket message; never holds more than `limit` bytes, whoever is at the other end.
///
/// A message that comes in one piece need not pass through: the owner hands it on as it lies. Pure.
struct MessageJoiner: Equatable, Sendable {
    /// The message is longer than the limit (close code 1009, RFC 6455 section 7.4.1).
    struct TooLong: Error, Equatable {}

    /// Longest message taken, in bytes.
    let limit: Int

    /// The pieces so far, joined.
    private(set) var held: [UInt8] = []

    /// Capacity that is kept from message to message: a burst of speech must not allocate each time, one large
    /// message must not cost its size for ever.
    private let keptCapacity = 256 << 10

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { held.isEmpty }

    /// Adds the next piece.
    ///
    /// - Parameter announced: bytes that are known to follow in the same frame, so a hopeless message is refused early.
    mutating func add(_ piece: Span<UInt8>, announced: Int) throws(TooLong) {
        guard piece.count <= limit - held.count, announced <= limit - held.count - piece.count else {
            throw TooLong()
        }
        piece.withUnsafeBufferPointer { held.append(contentsOf: $0) }
    }

    /// Forgets the message, once it has been handed on.
    mutating func clear() {
        held.removeAll(keepingCapacity: held.capacity <= keptCapacity)
    }
}
