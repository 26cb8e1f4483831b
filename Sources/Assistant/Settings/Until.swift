/// When a conversation ends by itself.
package enum Until: Sendable, Equatable {
    /// When the input is over and the answer under way has been played, or 8 s pass without one.
    case inputEnds
    /// After so long without speech from either side.
    case idle(Duration)
    /// So long after the first `session.live`.
    case elapsed(Duration)
    /// Never: somebody ends it.
    case forever

    /// What `init(_:)` takes, for messages.
    package static let accepted = "eof, idle:SECONDS, for:SECONDS or forever"

    /// - Parameter text: one of `accepted`, SECONDS being a number greater than 0, at most 10 million.
    package init?(_ text: String) {
        switch text {
        case "eof": self = .inputEnds
        case "forever": self = .forever
        default:
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let seconds = Double(parts[1]), seconds > 0, seconds <= 10_000_000 else {
                return nil
            }
            switch parts[0] {
            case "idle": self = .idle(.milliseconds(Int64(seconds * 1000)))
            case "for": self = .elapsed(.milliseconds(Int64(seconds * 1000)))
            default: return nil
            }
        }
    }

    /// What holds when nothing was asked for: an input that has an end decides.
    ///
    /// - Parameter input: a device as `audio.input` names it.
    package init(forInput input: String) {
        let hasEnd = input == "-" || input.hasPrefix("file:") || input.hasPrefix("pipe:")
        self = hasEnd ? .inputEnds : .forever
    }
}
