/// Faults at random, for soak tests.
package struct Chaos: Equatable, Sendable {
    /// The same seed makes the same plan for the first connection, the second, and so on.
    package var seed: UInt64
    /// The mean time between two faults of a connection.
    package var interval: Duration

    package init(seed: UInt64, interval: Duration = .seconds(4)) {
        self.seed = seed
        self.interval = interval
    }
}
