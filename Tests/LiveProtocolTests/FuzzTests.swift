import LiveProtocolFuzzing
import Testing

/// A few thousand of the cases that `LiveProtocolFuzz` runs a million of.
@Suite("Hostile and random messages", .timeLimit(.minutes(5)))
struct FuzzTests {
    @Test("whatever comes in, nothing traps and the sink is used right", arguments: [2026, 1123] as [UInt64])
    func random(seed: UInt64) throws {
        let fuzzer = Fuzzer(seed: seed)  // a failure prints it, with the case's number
        for number in 0..<4000 { try fuzzer.run(number) }
    }

    @Test("messages made to break a reader fail or pass cleanly")
    func hostile() throws {
        try Fuzzer(seed: 0).runHostile(long: 400_000)
    }
}
