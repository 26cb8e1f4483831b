import Foundation
import Synchronization
import Testing

@testable import Rehearsal

@Suite("Chaos", .serialized, .timeLimit(.minutes(5)))
struct ChaosTests {
    private static let seeds: [UInt64] = [1, 2, 3, 77]

    private func plans(_ seed: UInt64, count: Int = 2_000) -> [ChaosPlan] {
        (1...count).map { ChaosPlan(Chaos(seed: seed), connection: $0) }
    }

    @Test("the same seed makes the same plans, another seed others", arguments: seeds)
    func repeats(seed: UInt64) {
        #expect(plans(seed) == plans(seed))
        #expect(plans(seed, count: 20) != plans(seed + 1, count: 20))
    }

    @Test("never more than three upgrades in a row are refused, and none for good", arguments: seeds)
    func refusals(seed: UInt64) {
        var row = 0
        var total = 0
        for plan in plans(seed, count: 20_000) {
            row = plan.refusal == nil ? 0 : row + 1
            total += plan.refusal == nil ? 0 : 1
            #expect(row <= 3)
            #expect(plan.refusal.map { [500, 502, 503].contains($0) } ?? true)
        }
        #expect((400...2_400).contains(total), "\(total) of 20,000")
    }

    @Test("three connections in each eight are left alone, one after the other", arguments: seeds)
    func spared(seed: UInt64) {
        let plans = plans(seed)
        for start in stride(from: 0, to: plans.count, by: 8) {
            let quiet = plans[start..<start + 8].map { $0.events.isEmpty && $0.refusal == nil }
            #expect(quiet.indices.dropLast(2).contains { quiet[$0] && quiet[$0 + 1] && quiet[$0 + 2] })
        }
    }

    @Test("faults come at the mean interval, and each kind comes in the end", arguments: seeds)
    func rates(seed: UInt64) {
        var kinds: Set<String> = []
        var gaps: [Duration] = []
        for plan in plans(seed) {
            kinds.formUnion((plan.conditions + plan.events.map(\.fault)).map(\.name))
            if let idle = plan.idleEvent { kinds.insert(idle.fault.name) }
            var last = Duration.zero
            for event in plan.events {
                // A connection that fails at once is not in the rhythm of the others.
                if event.after > .milliseconds(50) { gaps.append(event.after - last) }
                last = event.after
            }
            #expect(plan.events.dropLast().allSatisfy { !$0.fault.isFinal })
        }
        let mean = gaps.reduce(.zero, +) / gaps.count
        #expect((.seconds(3.6)...Duration.seconds(4.4)).contains(mean), "\(mean)")
        let expected = [
            "stall", "halfOpen", "reset", "drop", "split", "merge", "delayPongs", "fragment", "close", "cutReasons",
            "hostile", "swallowSetup", "swallowAudio", "swallowAnswers", "poisonHandles", "expireHandles",
            "withholdHandles", "goAway", "heal",
        ]
        #expect(kinds == Set(expected))
    }

    @Test("limits are scaled all together")
    func timeScale() {
        var configuration = RehearsalConfiguration()
        configuration.setDocumentedLimits()
        configuration.divideTimes(by: 60)
        #expect(configuration.session.connectionLimit == .seconds(10))
        #expect(configuration.session.goAwayBefore == .seconds(1))
        #expect(configuration.session.sessionLimit == .seconds(15))
        #expect(configuration.session.videoSessionLimit == .seconds(2))
        #expect(configuration.handleLifetime == .seconds(120))
    }

    /// Lines from several tasks.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    @Test("through chaos a stubborn client gets its answers, and each fault is reported and logged")
    func survives() async throws {
        let lines = Lines()
        let log = FileManager.default.temporaryDirectory.appending(path: "chaos-\(UUID().uuidString).jsonl").path()
        defer { try? FileManager.default.removeItem(atPath: log) }
        let answered = try await withService {
            $0.chaos = Chaos(seed: 5, interval: .milliseconds(60))
            $0.session.connectionLimit = .milliseconds(300)
            $0.longestSilence = .milliseconds(300)
            $0.hasQuickVoice = true
            $0.logPath = log
            $0.report = { lines.add($0) }
        } _: { url in
            var answered = 0
            for _ in 0..<30 {
                // Each connection may fail in any way it likes; none may take the service with it.
                answered += (try? await Self.converse(url)) ?? 0
            }
            return answered
        }
        #expect(answered >= 10, "\(answered)")
        let reported = lines.all.count { $0.contains(": fault: ") }
        let logged = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
            .count { $0.contains(#""event":"fault""#) }
        #expect(reported > 20)
        #expect(reported == logged)
    }

    private static let turnComplete = #""turnComplete":true}"#

    /// Asks until the connection ends, by a fault or its limit. - Returns: the answers.
    private static func converse(_ url: String) async throws -> Int {
        let client = try await LiveClient.connect(url)
        var answered = 0
        do {
            try await client.send(#"{"setup":{"model":"models/gemini-3.8-live"}}"#)
            while true {
                try await client.send(#"{"realtimeInput":{"text":"stop"}}"#)
                var isComplete = false
                while !isComplete {
                    switch try await client.receive() {
                    case .close, .dropped: return answered
                    case .binary(let bytes): isComplete = String(decoding: bytes, as: UTF8.self).contains(turnComplete)
                    default: break
                    }
                }
                answered += 1
            }
        } catch {
            return answered
        }
    }
}
