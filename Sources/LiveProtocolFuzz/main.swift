// Throws a million messages at the codec, or measures it. Nothing that comes in may trap, hang or confuse the sink.
import Glibc
import LiveProtocol
import LiveProtocolFuzzing

let usage = """
    usage: LiveProtocolFuzz [--cases N] [--seed N] [--only CASE] [--bench]
      --cases N    how many cases to run (1000000)
      --seed N     what they depend on, with their number (1)
      --only CASE  runs one case, such as one that failed
      --bench      measures encoding and decoding instead
    """

func printError(_ text: String) {
    _ = write(STDERR_FILENO, text + "\n", text.utf8.count + 1)
}

/// Ends the program when its arguments make no sense.
func refuse(_ problem: String) -> Never {
    printError("\(problem)\n\(usage)")
    exit(64)
}

var cases = 1_000_000
var seed: UInt64 = 1
var only: Int?
var isBenchmark = false
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
    switch argument {
    case "--bench": isBenchmark = true
    case "--help":
        print(usage)
        exit(0)
    case "--cases", "--seed", "--only":
        guard let number = arguments.popFirst().flatMap({ Int($0) }), number >= 0 else {
            refuse("\(argument) needs a number")
        }
        switch argument {
        case "--cases": cases = number
        case "--seed": seed = UInt64(number)
        default: only = number
        }
    default: refuse("unknown argument \(argument)")
    }
}

if isBenchmark {
    guard Benchmark().run() else {
        printError("FAILED: audio was encoded or decoded with the help of the heap")
        exit(1)
    }
    exit(0)
}

let fuzzer = Fuzzer(seed: seed)
do {
    if let only {
        try fuzzer.run(only)
        print("seed \(seed), case \(only): passed")
    } else {
        let clock = ContinuousClock()
        var hostile = 0
        let duration = try clock.measure {
            hostile = try fuzzer.runHostile()
            for number in 0..<cases { try fuzzer.run(number) }
        }
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
        print(
            "seed \(seed): \(cases) cases and \(hostile) hostile messages passed in "
                + "\((seconds * 10).rounded() / 10) s, \(Int(Double(cases) / max(seconds, 1e-9))) cases/s")
    }
} catch {
    printError("FAILED \(error)")
    exit(1)
}
