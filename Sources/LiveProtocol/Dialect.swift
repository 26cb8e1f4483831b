/// A provider's wire format: turns commands into messages and messages into events. Stateless values; every call is
/// safe on any thread, and decoding is done on the socket thread.
package protocol Dialect: Sendable {
    /// The first message of a connection.
    ///
    /// Members that the model's family does not take are left out, each with a warning: sent, they would close or
    /// hang the session (pitfall 17a).
    func encode(_ setup: SessionSetup) -> EncodedSetup

    /// The message of a command, or nil where this dialect or model has none for it.
    func encode(_ command: LiveCommand) -> [UInt8]?

    /// Appends a whole voice message: 16 kHz mono samples, natively ordered, in one or two spans as the ring has them.
    ///
    /// No allocation when `frame` has room: base64 is written straight into it.
    func appendVoice(_ first: Span<Int16>, _ second: Span<Int16>, to frame: inout [UInt8])

    /// Decodes one message. Speech goes to `speech`, the rest is appended to `events`, in handling order.
    ///
    /// When the message says `interrupted`, `speech.interrupt()` is called before anything else and the message's own
    /// speech is dropped (gemini-live §5 rule 5). `speech.endOfSpeech()` follows the speech of a message that
    /// completes a generation or a turn. Unknown members become `.unknown` and do not fail. Bounded in depth and size
    /// by the message itself: hostile input costs time linear in its length.
    func decode(
        _ message: Span<UInt8>, speech: any MediaSink, events: inout [LiveEvent]
    ) throws(DecodingFailure)
}

package struct EncodedSetup: Sendable, Equatable {
    package var message: [UInt8]
    /// What was left out or changed, for the user, one sentence each.
    package var warnings: [String]

    package init(message: [UInt8], warnings: [String]) {
        self.message = message
        self.warnings = warnings
    }
}

/// A message that is not what the protocol says. The session goes on without it.
package struct DecodingFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, without any of the message's own text beyond 40 characters.
    package var problem: String
    /// Byte offset into the message, where known.
    package var offset: Int?

    package init(_ problem: String, offset: Int? = nil) {
        self.problem = problem
        self.offset = offset
    }

    package var description: String { offset.map { "\(problem) at byte \($0)" } ?? problem }
}
