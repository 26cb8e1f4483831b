import LiveProtocol

/// A live service and the network in front of it, as far as a client can tell: connections, sessions, handles, answers.
///
/// Pure. Everything it does is due at a moment and belongs to a connection; `ModelRun` delivers it. What reaches it is
/// checked against the protocol's rules, and the first breach is kept in `breach`.
package struct SimulatedService {
    /// What becomes of a connection that is dialled, and of its setup.
    package enum Door: CaseIterable, Sendable {
        case open, unreachable, hanging, overloaded, outOfQuota
        case swallowingSetups, refusingSetups, dyingAtSetup, dyingAfterSetup, dyingAfterHandle
    }
    /// How questions are answered.
    package enum Style: CaseIterable, Sendable { case complete, silent, unfinished, thinkingOn, absent }
    /// What a service should not say, or not there.
    package enum Oddity: CaseIterable, Sendable {
        case interrupted, turnCompleted, generationCompleted, setupCompleted, words, emptyHandle, unknownCancellation
    }
    /// How the connection that carries the session ends.
    package enum Cut: CaseIterable, Sendable { case lost, normal, internalError, deadline, overflow, protocolError }

    enum Phase: Equatable { case dialling, open, settingUp, live, closing, ended }

    /// What the service remembers of a conversation, as far as it matters here.
    struct Session: Equatable {
        var calls: [String] = []
        /// Calls whose result came, and when.
        var answered: [Answered] = []
        var isPoisoned = false
    }

    struct Answered: Equatable {
        var call: String
        var at: Duration
    }

    struct Connection {
        var phase = Phase.dialling
        var session = Session()
        var isDeaf = false
        var openedAt: Duration = .zero
        /// When the service will close it.
        var endsAt: Duration?
        /// A setup reached it.
        var hasSetup = false
        /// The client was told that it took it.
        var isGreeted = false
        /// The client gave it up; the end is on its way.
        var isAbandoned = false
    }

    enum Act: Equatable {
        case opened
        case event(LiveEvent)
        case ended(Disconnection)
        case answerBegins
    }

    struct Due {
        var at: Duration
        var connection: Int
        var act: Act
        var isOfAnswer = false
        /// The last of an answer that says anything.
        var completesAnswer = false
    }

    struct Answer {
        /// A blocking call of it waits for its result.
        var waitsFor: String?
        /// Nothing more comes of it, nor a sign of its end (pitfall 50).
        var isUnfinished = false
    }

    static let noHandle = LiveEvent.resumption(handle: "", isResumable: false, lastConsumedMessage: nil)
    /// The handle gets its name when it is handed out.
    static let nextHandle = LiveEvent.resumption(handle: "next", isResumable: true, lastConsumedMessage: nil)

    let connectionLimit: Duration
    var door = Door.open
    var style = Style.complete
    var answersCloses = true
    var connections: [Connection] = []
    /// By the number in their names.
    private(set) var handles: [Session] = []
    private var firstValidHandle = 0
    var due: [Due] = []
    var answer: Answer?
    /// Something was asked while an answer was under way.
    var owesAnswer = false
    private(set) var breach: String?
    var callCount = 0

    init(connectionLimit: Duration) { self.connectionLimit = connectionLimit }

    var next: Duration? {
        var first: Duration?
        for act in due where first.map({ act.at < $0 }) ?? true { first = act.at }
        return first
    }

    /// It has ended, and with it whatever was due on it.
    mutating func ended(_ number: Int) {
        connections[number].phase = .ended
        due.removeAll { $0.connection == number }
        guard connections[number].hasSetup else { return }
        answer = nil
        owesAnswer = false
    }

    /// The connection whose setup was taken and that has not ended.
    var live: Int? { connections.lastIndex { $0.phase == .live } }

    mutating func takeNext() -> Due? {
        guard let moment = next, let index = due.firstIndex(where: { $0.at == moment }) else { return nil }
        return due.remove(at: index)
    }

    mutating func fail(_ what: String) { if breach == nil { breach = what } }

    // MARK: What the client does

    mutating func dial(now: Duration) -> Int {
        let number = connections.count
        connections.append(Connection())
        switch door {
        case .unreachable: schedule(.ended(Disconnection(.unreachable)), on: number, at: now + .milliseconds(20))
        case .hanging: break
        case .overloaded: refuse(number, status: 503, now: now)
        case .outOfQuota: refuse(number, status: 429, now: now)
        default: schedule(.opened, on: number, at: now + .milliseconds(30))
        }
        return number
    }

    mutating func setUp(_ number: Int, handle: String?, now: Duration) {
        guard connections[number].phase == .open else {
            return fail("a setup on connection \(number), which is \(connections[number].phase)")
        }
        let others = connections.indices.filter { $0 != number && holdsSession($0) }
        if let other = others.first { return fail("a setup on \(number) while \(other) holds the session (pitfall 6)") }
        connections[number].phase = .settingUp
        connections[number].hasSetup = true
        guard !connections[number].isDeaf else { return }
        let soon = now + .milliseconds(60)
        if let handle {
            guard let index = Int(handle.dropFirst()), handles.indices.contains(index) else {
                return fail("the handle \(handle) was never given (pitfall 4)")
            }
            guard index >= firstValidHandle else {
                return close(number, 1008, "BidiGenerateContent session not found", at: soon)
            }
            connections[number].session = handles[index]
        }
        switch door {
        case .swallowingSetups: return
        case .refusingSetups: return close(number, 1007, "Request contains an invalid argument.", at: soon)
        case .dyingAtSetup: return close(number, 1011, "Internal error encountered.", at: soon)
        default: schedule(.event(.setupCompleted(sessionID: nil)), on: number, at: soon)
        }
        if door != .dyingAfterSetup { offerHandle(on: number, at: soon + .milliseconds(60)) }
        if door == .dyingAfterSetup || door == .dyingAfterHandle {
            close(number, 1011, "Internal error encountered.", at: soon + .milliseconds(100))
        }
        let end = connections[number].openedAt + connectionLimit
        connections[number].endsAt = end
        close(number, 1011, "Deadline expired before operation could complete.", at: end)
    }

    mutating func close(_ number: Int, now: Duration) {
        guard connections[number].phase != .ended, !connections[number].isAbandoned else { return }
        connections[number].phase = .closing
        due.removeAll { $0.connection == number && $0.act == .answerBegins }
        let answers = answersCloses && !connections[number].isDeaf
        let reason = Disconnection(answers ? .closedHere : .closeUnanswered)
        schedule(.ended(reason), on: number, at: now + (answers ? .milliseconds(30) : .seconds(1)))
    }

    mutating func abandon(_ number: Int, now: Duration) {
        connections[number].isAbandoned = true
        due.removeAll { $0.connection == number }
        schedule(.ended(Disconnection(.closedHere)), on: number, at: now)
    }

    // MARK: What the service and the network do

    mutating func offerHandle(on number: Int, at moment: Duration, isResumable: Bool = true) {
        guard isResumable else {
            return schedule(.event(SimulatedService.noHandle), on: number, at: moment)
        }
        schedule(.event(SimulatedService.nextHandle), on: number, at: moment)
    }

    /// The state under a new name, as it was a moment ago: a result that has just come may have crossed the handle.
    mutating func newHandle(of number: Int, now: Duration) -> String {
        var session = connections[number].session
        session.calls += session.answered.filter { now - $0.at <= .seconds(1) }.map(\.call)
        session.answered.removeAll { now - $0.at <= .seconds(1) }
        handles.append(session)
        return "h\(handles.count - 1)"
    }

    mutating func expireHandles() { firstValidHandle = handles.count }

    mutating func poison() {
        for index in handles.indices { handles[index].isPoisoned = true }
        if let live { connections[live].session.isPoisoned = true }
    }

    mutating func goAway(_ timeLeft: Duration?, now: Duration) {
        guard let live else { return }
        schedule(.event(.goAway(timeLeft: timeLeft)), on: live, at: now)
        let end = min(now + (timeLeft ?? .seconds(5)), connections[live].endsAt ?? .seconds(1_000_000))
        connections[live].endsAt = end
        close(live, 1011, "Deadline expired before operation could complete.", at: end)
    }

    mutating func cut(_ number: Int, _ cut: Cut, now: Duration) {
        let connection = connections[number]
        guard connection.phase != .ended, !connection.isDeaf, !connection.isAbandoned else { return }
        let reason: Disconnection.Cause =
            switch cut {
            case .lost: .lost
            case .normal: .closed(code: 1000, reason: "")
            case .internalError: .closed(code: 1011, reason: "Internal error encountered.")
            case .deadline: .closed(code: 1011, reason: "Deadline expired before operation could complete.")
            case .overflow: .sendQueueOverflow
            case .protocolError: .protocolError(code: 1009)
            }
        schedule(.ended(Disconnection(reason)), on: number, at: now)
    }

    mutating func goDeaf(now: Duration) {
        for index in connections.indices where connections[index].phase != .ended && !connections[index].isAbandoned {
            connections[index].isDeaf = true
            due.removeAll { $0.connection == index }
            guard connections[index].phase == .closing else { continue }
            schedule(.ended(Disconnection(.closeUnanswered)), on: index, at: now + .seconds(1))
        }
    }

    mutating func schedule(
        _ act: Act, on number: Int, at moment: Duration, isOfAnswer: Bool = false, completesAnswer: Bool = false
    ) {
        due.append(
            Due(at: moment, connection: number, act: act, isOfAnswer: isOfAnswer, completesAnswer: completesAnswer))
    }

    private mutating func close(_ number: Int, _ code: UInt16, _ reason: String, at moment: Duration) {
        schedule(.ended(Disconnection(.closed(code: code, reason: reason))), on: number, at: moment)
    }

    private mutating func refuse(_ number: Int, status: Int, now: Duration) {
        let refused = Disconnection(.upgradeRefused(status: status, body: ""))
        schedule(.ended(refused), on: number, at: now + .milliseconds(30))
    }

    private func holdsSession(_ number: Int) -> Bool {
        switch connections[number].phase {
        case .settingUp, .live: true
        // A close that was asked for is waited for, too, unless it was only being dialled.
        case .closing: connections[number].hasSetup
        case .dialling, .open, .ended: false
        }
    }
}
