import LiveProtocol
import LiveSession

/// The connections of one conversation: the one that carries the session, and the one made ahead of a change.
///
/// Each dial has a number, by which what comes late from a connection that is no longer ours is known and ignored.
struct Lines {
    private struct Dialled {
        var number: Int
        var line: Line
        var connection: any Connection
    }

    private let make: @Sendable (Int) -> Line
    private let endpoint: Endpoint
    private let transport: any Transport
    private var dials = 0
    private var main: Dialled?
    private var standby: Dialled?

    /// - Parameter make: a line for the dial of this number.
    init(to endpoint: Endpoint, through transport: any Transport, make: @escaping @Sendable (Int) -> Line) {
        self.endpoint = endpoint
        self.transport = transport
        self.make = make
    }

    /// The connection that carries the session.
    var connection: (any Connection)? { main?.connection }

    mutating func dial() { main = open() }

    mutating func dialStandby() { standby = open() }

    /// The standby carries the session from here on.
    mutating func takeOver() {
        main = standby
        standby = nil
    }

    mutating func abandonStandby() {
        standby?.connection.abandon()
        standby = nil
    }

    /// Which of ours this is; nil for one that is not any more.
    ///
    /// - Parameter event: what it told, which has been taken with this.
    func role(of number: Int, taking event: LineEvent) -> SessionKeeper.Role? {
        if let main, main.number == number {
            main.line.eventHandled(event)
            return .main
        }
        guard let standby, standby.number == number else { return nil }
        standby.line.eventHandled(event)
        return .standby
    }

    /// This one has ended, and is ours no longer.
    mutating func ended(_ role: SessionKeeper.Role) {
        switch role {
        case .main: main = nil
        case .standby: standby = nil
        }
    }

    /// Gives both up.
    mutating func abandonAll() {
        abandonStandby()
        main?.connection.abandon()
        main = nil
    }

    private mutating func open() -> Dialled {
        dials += 1
        let line = make(dials)
        return Dialled(number: dials, line: line, connection: transport.open(endpoint, handler: line))
    }
}
