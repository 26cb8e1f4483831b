import LiveProtocol
import Synchronization

/// A sink that knows what one message may do to it, and notes the first thing that it may not.
package final class CheckingSink: MediaSink {
    package struct Record: Sendable {
        package var samples: [Int16] = []
        package var wasInterrupted = false
        package var hasEnded = false
        package var misuse: String?

        fileprivate mutating func note(_ misuse: String) {
            if self.misuse == nil { self.misuse = misuse }
        }
    }

    private let state = Mutex(Record())

    package init() {}

    package var position: Int { state.withLock { $0.samples.count } }

    package func append(_ samples: Span<Int16>, rate: Int) {
        state.withLock { state in
            if samples.isEmpty { state.note("nothing appended") }
            if state.wasInterrupted { state.note("speech of an interrupted message") }
            if state.hasEnded { state.note("speech after its end") }
            if !(1000...768_000 ~= rate) { state.note("a rate of \(rate)") }
            for index in samples.indices { state.samples.append(samples[index]) }
        }
    }

    package func interrupt() {
        state.withLock { state in
            if !state.samples.isEmpty { state.note("interrupted behind its own speech") }
            if state.wasInterrupted { state.note("interrupted twice") }
            if state.hasEnded { state.note("interrupted behind the end of speech") }
            state.wasInterrupted = true
        }
    }

    package func endOfSpeech() {
        state.withLock { state in
            if state.hasEnded { state.note("ended twice") }
            state.hasEnded = true
        }
    }

    /// What the message did. Call it once the message is decoded.
    package var record: Record { state.withLock { $0 } }
}
