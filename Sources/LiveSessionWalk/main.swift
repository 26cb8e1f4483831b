// Walks the session's machines at random against a simulated service, on all cores.
import Foundation
import LiveSessionModelling

let usage = "usage: LiveSessionWalk [SCRIPTS (100000)] [FIRST-SEED (0)]"
let arguments = CommandLine.arguments.dropFirst().map { UInt64($0) }
guard arguments.count <= 2, arguments.allSatisfy({ $0 != nil }) else {
    print(usage)
    exit(64)
}
let count = (arguments.first ?? nil) ?? 100_000
let seed = (arguments.dropFirst().first ?? nil) ?? 0
let workers = UInt64(ProcessInfo.processInfo.activeProcessorCount)

let clock = ContinuousClock()
let start = clock.now
let failures = await withTaskGroup(of: ModelCheck.Failure?.self) { group in
    for worker in 0..<workers {
        let seeds = seed + count * worker / workers..<seed + count * (worker + 1) / workers
        group.addTask { @concurrent in ModelCheck().firstFailure(seeds: seeds) }
    }
    var failures: [ModelCheck.Failure] = []
    for await case let failure? in group { failures.append(failure) }
    return failures
}
for failure in failures { print("an invariant of the session is violated: \(failure)") }
guard failures.isEmpty else { exit(1) }
print("\(count) scripts from seed \(seed) in \(clock.now - start): no invariant violated")
