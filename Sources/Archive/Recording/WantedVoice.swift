import Synchronization

/// Which stretches of the captured voice go to the service, in positions of the voice ring: what else was captured is
/// nobody's business, a recording's neither.
///
/// Told by whoever opens and closes the way up; asked by the recorder, a moment later. Any thread.
package final class WantedVoice: Sendable {
    // In order, without overlaps; only the last may go on.
    private let passages = Mutex<[Range<Int>]>([])

    package init() {}

    /// The voice from `position` on is sent. Does nothing while it is.
    package func begin(from position: Int) {
        passages.withLock { passages in
            if let last = passages.last, last.upperBound == .max { return }
            let start = max(position, passages.last?.upperBound ?? position)
            passages.append(start..<Int.max)
        }
    }

    /// The voice from `position` on is sent no longer; a later call may move the end forward.
    package func end(at position: Int) {
        passages.withLock { passages in
            guard let last = passages.popLast() else { return }
            let end = min(last.upperBound, max(position, last.lowerBound))
            passages.append(last.lowerBound..<end)
        }
    }

    /// Silences what of a stretch is not sent, and forgets what lies before it.
    ///
    /// - Parameter position: of the first sample.
    func silence(_ samples: inout [Int16], from position: Int) {
        let wanted = passages.withLock { passages in
            // The last stays: its end is where the next one may begin at the earliest.
            while passages.count > 1, passages[0].upperBound <= position { passages.removeFirst() }
            return passages
        }
        var silentFrom = position
        let end = position + samples.count
        for passage in wanted + [end..<Int.max] where passage.upperBound > silentFrom {
            for index in silentFrom..<max(silentFrom, min(passage.lowerBound, end)) { samples[index - position] = 0 }
            silentFrom = min(end, max(silentFrom, passage.upperBound))
            if silentFrom == end { break }
        }
    }
}
