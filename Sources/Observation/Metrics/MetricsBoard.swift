package import Events

/// What the page tells, counted from events since the start. Pure.
package struct MetricsBoard: Sendable, Equatable {
    enum State: String, Sendable, CaseIterable { case idle, connecting, live, asleep }

    private struct Edge: Hashable {
        var direction: String
        var label: String
    }

    private var firstAudio = Histogram(bounds: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10])
    private var reconnectGap = Histogram(bounds: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30])
    private var conversations = 0
    private var turns: [Party: Int] = [:]
    private var interruptions = 0
    private var underruns = 0
    private var xruns: [Edge: Int] = [:]
    private var lateMilliseconds: [Direction: Int] = [:]
    private var droppedMilliseconds: [Direction: Int] = [:]
    private var reconnects: [RotationCause: Int] = [:]
    private var lostMilliseconds = 0
    private var tokens: [Edge: Int] = [:]
    private var state = State.idle
    private var isMuted = false
    private var levels: [Direction: Double] = [:]
    private var problems = (warnings: 0, errors: 0)
    /// The end of the user's speech that no answer has followed yet, milliseconds since 1970.
    private var speechEnd: Int64?
    /// Whether the conversation under way was live before.
    private var liveSession: String?

    package init() {}

    package static func == (left: MetricsBoard, right: MetricsBoard) -> Bool { left.text(nil) == right.text(nil) }

    // MARK: Counting

    package mutating func note(_ event: Event) {
        switch event.body {
        case .sessionConnecting: if state == .idle { state = .connecting }
        case .sessionLive:
            state = .live
            if liveSession == nil || liveSession != event.session { conversations += 1 }
            liveSession = event.session ?? ""
        case .sessionEnded: (state, liveSession, speechEnd) = (.idle, nil, nil)
        case .sessionResumed(let because, let gap, let lost, _):
            reconnects[because, default: 0] += 1
            reconnectGap.note(Double(max(0, gap)) / 1_000)
            lostMilliseconds += max(0, lost)
        case .wakeAsleep: state = .asleep
        case .wakeHeard: state = liveSession == nil ? .connecting : .live
        case .turnStarted(_, let speaker): turns[speaker, default: 0] += 1
        case .turnInterrupted: interruptions += 1
        case .transcriptFinal(let line): heard(line)
        case .audioMuted, .audioLevel, .audioUnderrun, .audioXrun, .audioDropped: noteSound(event.body)
        case .usage(let report):
            count(report.turn.input, "input")
            count(report.turn.output, "output")
        case .warning: problems.warnings += 1
        case .error: problems.errors += 1
        default: break
        }
    }

    private mutating func noteSound(_ body: Event.Body) {
        switch body {
        case .audioMuted(let isMuted): self.isMuted = isMuted
        case .audioLevel(let input, let output):
            if let input { levels[.input] = input }
            if let output { levels[.output] = output }
        case .audioUnderrun(let count): underruns += max(0, count)
        case .audioXrun(let direction, let count, let ours, let late):
            xruns[Edge(direction: direction.rawValue, label: "ours"), default: 0] += max(0, ours)
            xruns[Edge(direction: direction.rawValue, label: "server"), default: 0] += max(0, count - ours)
            lateMilliseconds[direction, default: 0] += max(0, late)
        case .audioDropped(let direction, let milliseconds, _):
            droppedMilliseconds[direction, default: 0] += max(0, milliseconds)
        default: preconditionFailure("\(body.name) is not about sound")
        }
    }

    /// The first answer after a spoken line says how long the user waited; lines come in the order of their turns.
    private mutating func heard(_ line: TranscriptLine) {
        switch line.speaker {
        case .user: speechEnd = line.isTyped ? nil : line.end
        case .model:
            guard let end = speechEnd.take(), let begin = line.begin, begin >= end else { return }
            firstAudio.note(Double(begin - end) / 1_000)
        }
    }

    private mutating func count(_ counts: [String: Int], _ direction: String) {
        for (modality, count) in counts {
            let edge = Edge(direction: direction, label: modality)
            // There are five; the service's own words beyond are one.
            let key = tokens[edge] != nil || tokens.count < 32 ? edge : Edge(direction: direction, label: "OTHER")
            let (sum, overflows) = tokens[key, default: 0].addingReportingOverflow(max(0, count))
            tokens[key] = overflows ? .max : sum
        }
    }

    // MARK: The page

    /// - Parameter costs: nil where nothing is known of them.
    package func text(_ costs: CostBoard.Figures?) -> String {
        var page = ExpositionText()
        page.histogram(.firstAudio, firstAudio)
        page.single(.conversations, Double(conversations))
        page.begin(.turns)
        for speaker in [Party.user, .model] {
            page.sample(MetricFamily.turns.name, ["speaker": speaker.rawValue], Double(turns[speaker] ?? 0))
        }
        page.single(.interruptions, Double(interruptions))
        page.single(.underruns, Double(underruns))
        write(sound: &page)
        page.begin(.reconnects)
        for cause in [RotationCause.goAway, .timer, .drop, .stall, .request] {
            page.sample(MetricFamily.reconnects.name, ["because": cause.rawValue], Double(reconnects[cause] ?? 0))
        }
        page.histogram(.reconnectGap, reconnectGap)
        page.single(.reconnectLost, Double(lostMilliseconds) / 1_000)
        page.begin(.tokens)
        for (edge, count) in tokens.sorted(by: { ($0.key.direction, $0.key.label) < ($1.key.direction, $1.key.label) })
        {
            page.sample(
                MetricFamily.tokens.name, ["direction": edge.direction, "modality": edge.label], Double(count))
        }
        write(costs, to: &page)
        page.begin(.state)
        for state in State.allCases {
            page.sample(MetricFamily.state.name, ["state": state.rawValue], state == self.state ? 1 : 0)
        }
        page.single(.muted, isMuted ? 1 : 0)
        page.begin(.level)
        for direction in Direction.allCases {
            guard let level = levels[direction] else { continue }
            page.sample(MetricFamily.level.name, ["direction": direction.rawValue], level)
        }
        page.begin(.problems)
        page.sample(MetricFamily.problems.name, ["severity": "warning"], Double(problems.warnings))
        page.sample(MetricFamily.problems.name, ["severity": "error"], Double(problems.errors))
        return page.text
    }

    private func write(sound page: inout ExpositionText) {
        page.begin(.xruns)
        for direction in Direction.allCases {
            for cause in ["ours", "server"] {
                let count = xruns[Edge(direction: direction.rawValue, label: cause)] ?? 0
                page.sample(
                    MetricFamily.xruns.name, ["direction": direction.rawValue, "cause": cause], Double(count))
            }
        }
        for (family, milliseconds) in [(MetricFamily.xrunLate, lateMilliseconds), (.dropped, droppedMilliseconds)] {
            page.begin(family)
            for direction in Direction.allCases {
                let seconds = Double(milliseconds[direction] ?? 0) / 1_000
                page.sample(family.name, ["direction": direction.rawValue], seconds)
            }
        }
    }

    private func write(_ costs: CostBoard.Figures?, to page: inout ExpositionText) {
        page.begin(.cost)
        if let costs { page.sample(MetricFamily.cost.name, ["currency": costs.currency], costs.sinceStart) }
        page.begin(.periodCost)
        guard let costs else { return }
        for period in Budget.Period.allCases {
            page.sample(
                MetricFamily.periodCost.name, ["currency": costs.currency, "period": period.rawValue],
                costs.amounts[period] ?? 0)
        }
    }
}
