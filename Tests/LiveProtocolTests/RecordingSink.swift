import LiveProtocol
import Synchronization

/// A media sink that remembers what was done to it, in order.
final class RecordingSink: MediaSink {
    enum Call: Equatable, Sendable {
        case append([Int16], rate: Int)
        case interrupt
        case endOfSpeech
    }

    private let recorded = Mutex<[Call]>([])

    var calls: [Call] { recorded.withLock { $0 } }

    /// All samples taken, however they were cut.
    var samples: [Int16] {
        calls.flatMap { call -> [Int16] in if case .append(let samples, _) = call { samples } else { [] } }
    }

    var position: Int { samples.count }

    func append(_ samples: Span<Int16>, rate: Int) {
        let copy = samples.indices.map { samples[$0] }
        recorded.withLock { $0.append(.append(copy, rate: rate)) }
    }

    func interrupt() { recorded.withLock { $0.append(.interrupt) } }

    func endOfSpeech() { recorded.withLock { $0.append(.endOfSpeech) } }
}

/// What one message became.
struct Decoded {
    var events: [LiveEvent] = []
    var calls: [RecordingSink.Call] = []
    var samples: [Int16] = []
    var failure: DecodingFailure?
}

func decode(_ message: [UInt8]) -> Decoded {
    let sink = RecordingSink()
    var decoded = Decoded()
    do {
        try GeminiDialect().decode(message.span, speech: sink, events: &decoded.events)
    } catch {
        decoded.failure = error
    }
    decoded.calls = sink.calls
    decoded.samples = sink.samples
    return decoded
}

func decode(_ message: String) -> Decoded { decode(Array(message.utf8)) }

/// The events of a message that must be good.
func events(of message: String) -> [LiveEvent] {
    let decoded = decode(message)
    return decoded.failure.map { [.serviceError(code: nil, message: "decoding failed: \($0)")] } ?? decoded.events
}
