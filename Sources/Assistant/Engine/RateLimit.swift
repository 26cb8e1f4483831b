/// Lets one through per interval and counts the rest.
struct RateLimit {
    let interval: Duration
    private var next = Duration.zero
    private var held = 0

    init(interval: Duration) { self.interval = interval }

    /// - Returns: words for how many were held back since the last one let through, empty for none; nil when this one is
    ///   held back too.
    mutating func admit(now: Duration) -> String? {
        guard now >= next else {
            held += 1
            return nil
        }
        defer { held = 0 }
        next = now + interval
        return held == 0 ? "" : " (and \(held) more like it)"
    }
}
