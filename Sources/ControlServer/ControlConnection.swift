import ControlProtocol
import Events
import FlyingSocks
import FoundationEssentials
import LiveProtocol

/// One client of the control socket: its calls are answered in their order, and the events that it asked for are told.
struct ControlConnection: Sendable {
    /// Events that may wait for a slow client; what it loses beyond, it is told of.
    static let mostEvents = 1_024

    let socket: AsyncSocket
    let outbox: Outbox
    let methods: ControlMethods
    let bus: EventBus

    init(_ socket: AsyncSocket, _ methods: ControlMethods, _ bus: EventBus) {
        self.socket = socket
        self.methods = methods
        self.bus = bus
        outbox = Outbox(socket)
    }

    /// Serves the client until it goes or is cut.
    func run() async {
        await withDiscardingTaskGroup { tellers in
            var lines = LineSplitter(longest: RPC.longestLine)
            var subscription: EventSubscription?
            while let bytes = try? await socket.read(atMost: 4_096), !bytes.isEmpty {
                var replies = Data()
                for item in lines.take(bytes) {
                    guard let wanted = await serve(item, &replies) else { continue }
                    await send(&replies)  // before the first event
                    subscription?.cancel()
                    subscription = wanted.events
                    if let events = wanted.events { tellers.addTask { await tell(events, wanted.filter) } }
                }
                await send(&replies)
            }
            subscription?.cancel()
            outbox.cut()
        }
        try? socket.close()
    }

    private struct Wanted {
        let filter: EventFilter
        let events: EventSubscription?
    }

    /// - Returns: what the client wants to be told from here on, if it said so.
    private func serve(_ item: LineSplitter.Item, _ replies: inout Data) async -> Wanted? {
        guard case .line(let line) = item else {
            let failure = RPC.Failure.request("a line has at most \(RPC.longestLine) bytes")
            replies += RPC.Reply(id: .none, .failure(failure)).json.line
            return nil
        }
        var wanted: Wanted?
        switch RPC.call(line) {
        case .one(let entry):
            if let reply = await answer(entry, &wanted) { replies += reply.json.line }
        case .batch(let entries):
            var answers: [JSONValue] = []
            for entry in entries {
                if let reply = await answer(entry, &wanted) { answers.append(reply.json) }
            }
            if !answers.isEmpty { replies += JSONValue.array(answers).line }
        }
        return wanted
    }

    /// - Returns: nil for what wants no answer.
    private func answer(_ entry: RPC.Entry, _ wanted: inout Wanted?) async -> RPC.Reply? {
        switch entry {
        case .malformed(let reply): return reply
        case .request(let request):
            let outcome =
                request.method == "subscribe" ? subscribe(request, &wanted) : await methods.perform(request)
            return request.id.map { RPC.Reply(id: $0, outcome) }
        }
    }

    private func subscribe(_ request: RPC.Request, _ wanted: inout Wanted?) -> RPC.Outcome {
        do throws(RPC.Failure) {
            var params = Parameters(request)
            let filter = try EventFilter(try params.texts("events"))
            try params.end()
            let events =
                filter.isEmpty
                ? nil
                : bus.subscribe(
                    capacity: Self.mostEvents, overflow: .dropsPartialsFirst, includingLevels: filter.wantsLevels)
            wanted = Wanted(filter: filter, events: events)
            return .success(["events": .array(filter.patterns.map(JSONValue.string))])
        } catch {
            return .failure(error)
        }
    }

    private func tell(_ events: EventSubscription, _ filter: EventFilter) async {
        for await event in events where filter.takes(event.body.name) {
            let line = ControlClient.Notification.line(event.body.name, event: event.json)
            guard (try? await outbox.send(line)) != nil else { return }
        }
    }

    /// A client that is gone is noticed by whoever reads.
    private func send(_ lines: inout Data) async {
        guard !lines.isEmpty else { return }
        try? await outbox.send(lines)
        lines = Data()
    }
}
