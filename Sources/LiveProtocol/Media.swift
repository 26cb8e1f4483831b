/// Where decoded speech goes: the near end of the speech buffer.
///
/// Called on the socket thread only, in message order, so a generation raised here lies exactly where the service
/// said `interrupted`. None of the calls may block.
package protocol MediaSink: AnyObject, Sendable {
    /// Samples taken since the sink was made, at the rate of the sink; grows only. What all positions of speech count,
    /// and what a piece of transcript is pinned to.
    var position: Int { get }

    /// Takes mono samples in native byte order, shape `[n]`, at `rate` hertz as the message's MIME type named it.
    func append(_ samples: Span<Int16>, rate: Int)

    /// Raises the generation: whatever was appended before and has not been played is dropped at every stage.
    func interrupt()

    /// Nothing more belongs to this answer: play what is left without waiting for a cushion (pitfall 44).
    func endOfSpeech()
}

/// Where voice packets come from: the far end of the voice ring. Socket thread only; never blocks.
package protocol MediaSource: AnyObject, Sendable {
    /// Voice that waits, in samples at 16 kHz.
    var available: Int { get }

    /// Samples taken or dropped since the source was made: the position of the next sample to be sent.
    var position: Int { get }

    /// Hands over exactly `count` samples (16 kHz, mono, native order), oldest first, as a ring has them: in two
    /// spans, of which the second is often empty.
    ///
    /// - Precondition: `count <= available`.
    func take(_ count: Int, _ body: (Span<Int16>, Span<Int16>) -> Void)

    /// Drops the oldest voice until at most `count` samples wait.
    /// - Returns: samples dropped, which the caller reports: every captured millisecond is delivered or counted.
    func keepNewest(_ count: Int) -> Int
}
