/// Something that goes wrong on one connection, because a scenario or chaos says so.
enum Fault: Equatable, Sendable {
    // What only a transport does.

    /// The client's bytes are not read any more, so that they pile up at its end; what the service sends still arrives.
    case stall
    /// Neither end hears of the other any more, and neither is told.
    case halfOpen
    /// The TCP connection ends with a reset (RST).
    case reset
    /// The TCP connection ends with a FIN and no close frame.
    case drop
    /// Bytes leave in pieces of at most this size, with a pause after each.
    case split(bytes: Int, pause: Duration)
    /// Bytes are collected for so long, and leave in one write: several frames in one segment.
    case merge(Duration)

    // What a WebSocket server does.

    /// Pongs come so much later.
    case delayPongs(Duration)
    /// Messages come in fragments of at most this size.
    case fragment(bytes: Int)
    case close(code: UInt16, reason: String)
    /// The reasons of close frames are cut to so many bytes, be it in the middle of a character.
    case cutReasons(bytes: Int)
    case hostile(HostileMessage)

    // What a conversation partner does.

    case swallow(RehearsalSession.Swallowed)
    /// Handles are worth no more than this from now on.
    case handles(RehearsalSession.Options.Handles)
    /// - Parameter isMeant: whether the connection ends when the time is over.
    case goAway(timeLeft: Duration, isMeant: Bool)

    /// Ends every lasting fault of the connection; what is gone is gone.
    case heal

    /// Whether it takes the relay in front of the service.
    var needsRelay: Bool {
        switch self {
        case .stall, .halfOpen, .reset, .split, .merge: true
        default: false
        }
    }

    /// Whether the connection is over with it, for the service at least.
    var isFinal: Bool {
        switch self {
        case .halfOpen, .reset, .drop, .close: true
        case .hostile(let message): message.endsConnection
        default: false
        }
    }

    /// As the log has it.
    var name: String {
        switch self {
        case .stall: "stall"
        case .halfOpen: "halfOpen"
        case .reset: "reset"
        case .drop: "drop"
        case .split: "split"
        case .merge: "merge"
        case .delayPongs: "delayPongs"
        case .fragment: "fragment"
        case .close: "close"
        case .cutReasons: "cutReasons"
        case .hostile: "hostile"
        case .swallow(.setup): "swallowSetup"
        case .swallow(.audio): "swallowAudio"
        case .swallow(.answers): "swallowAnswers"
        case .handles(.good): "goodHandles"
        case .handles(.poisoned): "poisonHandles"
        case .handles(.expired): "expireHandles"
        case .handles(.withheld): "withholdHandles"
        case .goAway: "goAway"
        case .heal: "heal"
        }
    }

    /// The name and what belongs to it, for people.
    var description: String {
        switch self {
        case .split(let bytes, let pause): "\(name) into \(bytes) bytes every \(pause.milliseconds) ms"
        case .merge(let time), .delayPongs(let time): "\(name) by \(time.milliseconds) ms"
        case .fragment(let bytes), .cutReasons(let bytes): "\(name) to \(bytes) bytes"
        case .close(let code, let reason): "\(name) with \(code): \(reason)"
        case .hostile(let message): "\(name) \(message.rawValue)"
        case .goAway(let left, let isMeant): "\(name) in \(left.milliseconds) ms\(isMeant ? "" : ", not meant")"
        default: name
        }
    }
}
