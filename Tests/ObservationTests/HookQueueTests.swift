import TestKit
import Testing

@testable import Observation

@Suite("Which hooks run", .timeLimit(.minutes(1)))
struct HookQueueTests {
    @Test("a program has one lane whatever it is told, a shell one for each line")
    func lanes() throws {
        func lane(_ text: String) throws -> String { try #require(CommandLine(text, home: nil)).lane }
        #expect(try lane("playerctl pause") == lane("playerctl play"))
        #expect(try lane("/usr/bin/led on") != lane("led on"))
        for shell in ["sh", "/bin/bash", "env"] {
            #expect(try lane("\(shell) -c one") != lane("\(shell) -c two"))
            #expect(try lane("\(shell) -c 'one two'") == lane("\(shell) -c \"one two\""))
        }
    }

    @Test("of a program one runs, in the order of the events, and others pass those that wait for theirs")
    func order() {
        var queue = HookQueue<Int>(lanes: 2, places: 9)
        #expect(queue.add(1, of: "a") == .run)
        #expect(queue.add(2, of: "a") == .waits)
        #expect(queue.add(3, of: "b") == .run)
        #expect(queue.add(4, of: "c") == .waits)
        #expect(queue.add(5, of: "a") == .waits)
        #expect(queue.next(after: "b") == 4)
        #expect(queue.next(after: "c") == nil)
        #expect(queue.next(after: "a") == 2)
        #expect(queue.next(after: "a") == 5)
        #expect(queue.next(after: "a") == nil)
        #expect(queue.add(6, of: "a") == .run)
    }

    @Test("what is beyond those that may wait is refused, until one of them runs")
    func full() {
        var queue = HookQueue<Int>(lanes: 1, places: 1)
        #expect(queue.add(1, of: "a") == .run)
        #expect(queue.add(2, of: "b") == .waits)
        #expect(queue.add(3, of: "c") == .isFull)
        #expect(queue.next(after: "a") == 2)
        #expect(queue.add(4, of: "c") == .waits)
    }

    @Test(
        "whatever comes and ends: none is lost or run twice, lanes are kept, and none waits while it could run",
        arguments: 0..<50 as Range<UInt64>)
    func anything(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = HookQueue<Int>(lanes: 3, places: 8)
        var (running, waiting, begun) = ([String: Int](), [String: [Int]](), [String: [Int]]())
        func run(_ job: Int, _ program: String) {
            #expect(running.updateValue(job, forKey: program) == nil)
            #expect((begun[program]?.last ?? -1) < job)
            begun[program, default: []].append(job)
        }
        for job in 0..<300 {
            let program = ["a", "b", "c", "d", "e"].randomElement(using: &random)!
            let count = waiting.values.reduce(0) { $0 + $1.count }
            switch queue.add(job, of: program) {
            case .run: run(job, program)
            case .waits: waiting[program, default: []].append(job)
            case .isFull: #expect(count == 8)
            }
            if Bool.random(using: &random), let ended = running.keys.sorted().randomElement(using: &random) {
                running[ended] = nil
                if let next = queue.next(after: ended) {
                    let owner = waiting.first { $0.value.first == next }?.key
                    #expect(owner != nil)
                    if let owner {
                        waiting[owner]!.removeFirst()
                        run(next, owner)
                    }
                }
            }
            let canRun = waiting.contains { !$0.value.isEmpty && running[$0.key] == nil }
            #expect(running.count <= 3 && (running.count == 3 || !canRun))
        }
    }
}
