import Glibc

/// One client's connection through the relay: two sockets, and what is on its way between them.
///
/// Belongs to the relay's thread. Tell it what to do with `obey`, ask `polls` what to wait for, and call `step` after.
final class RelayLink {
    /// What is asked of one link.
    enum Order: Equatable, Sendable {
        case stall
        case halfOpen
        case reset
        case split(bytes: Int, pause: Duration)
        case merge(Duration)
        case heal
    }

    /// The other end has sent its FIN. Linux, `poll(2)`; Glibc's module leaves it out.
    private static let hungUp: CShort = 0x2000
    /// Bytes held in each direction; beyond it the sender has to wait.
    private static let limit = 64 << 10
    private let client: CInt
    private let service: CInt
    private let longestSilence: Duration
    private var up: [UInt8] = []
    private var down: [UInt8] = []
    /// Before it, nothing is written to the client.
    private var downDue: ContinuousClock.Instant?
    private var serviceHasEnded = false

    private var isStalled = false
    private var isHalfOpen = false
    private var silentSince: ContinuousClock.Instant?
    private var split: (bytes: Int, pause: Duration)?
    private var mergeTime: Duration?
    private(set) var isOver = false

    /// Takes both descriptors over, and closes them.
    /// - Parameter longestSilence: how long it may be stalled or half open before it is reset.
    init(client: CInt, service: CInt, longestSilence: Duration) {
        self.client = client
        self.service = service
        self.longestSilence = longestSilence
    }

    deinit { end() }

    func obey(_ order: Order, now: ContinuousClock.Instant) {
        switch order {
        case .stall: (isStalled, silentSince) = (true, now)
        case .halfOpen: (isHalfOpen, silentSince) = (true, now)
        case .reset:
            TCPSocket.armReset(client)
            end()
        case .split(let bytes, let pause): split = (bytes, pause)
        case .merge(let time): mergeTime = time
        case .heal:
            (isStalled, isHalfOpen, silentSince, split, mergeTime) = (false, false, nil, nil, nil)
            downDue = nil
        }
    }

    /// When `step` is to be called even if nothing happens.
    var deadline: ContinuousClock.Instant? {
        let waiting = down.isEmpty || isHalfOpen ? nil : downDue
        return [waiting, silentSince.map { $0 + longestSilence }].compactMap(\.self).min()
    }

    /// What to wait for: the client's socket, then the service's. A descriptor of −1 is not waited for.
    func polls(now: ContinuousClock.Instant) -> [pollfd] {
        let isPassive = isStalled || isHalfOpen
        // While nothing is read, only this tells that the client has gone.
        var fromClient = isPassive || up.count >= Self.limit ? Self.hungUp : CShort(POLLIN)
        var fromService: CShort = 0
        if !isHalfOpen {
            if !down.isEmpty, downDue.map({ $0 <= now }) ?? true { fromClient |= CShort(POLLOUT) }
            if !up.isEmpty { fromService |= CShort(POLLOUT) }
            if !serviceHasEnded, down.count < Self.limit { fromService |= CShort(POLLIN) }
        }
        return [
            pollfd(fd: client, events: fromClient, revents: 0),
            pollfd(fd: fromService == 0 ? -1 : service, events: fromService, revents: 0),
        ]
    }

    /// Does what has become possible.
    func step(client fromClient: CShort, service fromService: CShort, now: ContinuousClock.Instant) {
        guard !isOver else { return }
        let isGone = fromClient & (Self.hungUp | CShort(POLLHUP | POLLERR)) != 0
        if (isStalled || isHalfOpen) && isGone { return end() }
        if let silentSince, now - silentSince >= longestSilence { return obey(.reset, now: now) }
        guard !isHalfOpen else { return }
        if fromClient & CShort(POLLIN | POLLHUP | POLLERR) != 0, !isStalled { readClient() }
        if fromService & CShort(POLLIN | POLLHUP | POLLERR) != 0 { readService(now: now) }
        writeUp()
        writeDown(now: now)
        if serviceHasEnded && down.isEmpty { end() }
    }

    func end() {
        guard !isOver else { return }
        isOver = true
        close(client)
        close(service)
    }

    private func readClient() {
        guard up.count < Self.limit else { return }
        guard TCPSocket.read(client, into: &up) == .ended else { return }
        writeUp()  // what came before the end
        end()
    }

    private func readService(now: ContinuousClock.Instant) {
        guard !isOver, down.count < Self.limit else { return }
        let wasEmpty = down.isEmpty
        if TCPSocket.read(service, into: &down) == .ended { serviceHasEnded = true }
        guard let mergeTime else { return }
        if wasEmpty, !down.isEmpty { downDue = now + mergeTime }
        if down.count >= Self.limit { downDue = now }  // merging is not meant to slow a burst down
    }

    private func writeUp() {
        guard !isOver, !up.isEmpty else { return }
        if case .bytes(let count) = TCPSocket.write(service, up, count: up.count) { up.removeFirst(count) }
    }

    private func writeDown(now: ContinuousClock.Instant) {
        guard !isOver, !down.isEmpty, downDue.map({ $0 <= now }) ?? true else { return }
        let size = min(down.count, split?.bytes ?? down.count)
        switch TCPSocket.write(client, down, count: size) {
        case .bytes(let count):
            down.removeFirst(count)
            downDue = split.map { now + $0.pause }
        case .blocked: break
        case .ended: end()
        }
    }
}
