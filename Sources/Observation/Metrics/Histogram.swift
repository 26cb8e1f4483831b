/// How often something took how long. Pure.
struct Histogram: Sendable, Equatable {
    /// Upper bounds of the buckets, in seconds, ascending; what is above the last counts too.
    let bounds: [Double]
    /// Per bucket, not cumulative; the last is for what is above all bounds.
    private(set) var counts: [Int]
    private(set) var sum = 0.0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    var count: Int { counts.reduce(0, +) }

    /// - Parameter seconds: a bound belongs to the bucket below it.
    mutating func note(_ seconds: Double) {
        counts[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
        sum += seconds
    }
}
