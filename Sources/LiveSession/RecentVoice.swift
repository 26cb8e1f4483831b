/// The last of the voice that was sent, to be sent again after a line that broke.
///
/// A ring of fixed size; nothing here allocates after `init`.
struct RecentVoice {
    private var samples: [Int16]
    /// Samples recorded since the beginning; masking is by remainder.
    private var recorded = 0
    /// Those before this position are not to be sent (again).
    private var resendFrom = 0
    /// Those before this position are known to have arrived, or are too old to be wanted.
    private var forgotten = 0

    /// - Parameter capacity: in samples; 0 keeps nothing.
    init(capacity: Int) { samples = [Int16](repeating: 0, count: capacity) }

    /// Remembers what is being sent for the first time.
    mutating func record(_ sent: Span<Int16>) {
        guard !samples.isEmpty else { return }
        for index in sent.indices {
            samples[recorded % samples.count] = sent[index]
            recorded += 1
        }
        resendFrom = recorded
    }

    /// All that is remembered is to be sent again, also what was just being sent again.
    mutating func rewind() { resendFrom = max(forgotten, recorded - samples.count) }

    /// What has been sent is not to be sent again.
    mutating func forget() { if resendFrom == recorded { forgotten = recorded } }

    /// Something is to be sent again.
    var hasMore: Bool { resendFrom < recorded }

    /// Hands over at most `count` samples that are to be sent again, oldest first, in two spans as the ring has them.
    ///
    /// - Returns: false when there are none.
    mutating func take(_ count: Int, _ body: (Span<Int16>, Span<Int16>) -> Void) -> Bool {
        let count = min(count, recorded - resendFrom)
        guard count > 0 else { return false }
        let start = resendFrom % samples.count
        resendFrom += count
        let first = min(count, samples.count - start)
        let span = samples.span
        body(span.extracting(start..<start + first), span.extracting(0..<count - first))
        return true
    }
}
