import AudioCore

/// How late a device's thread comes to look at it: what tells an xrun of our making from one of a sound server's.
///
/// Counts from when a wait was to end, or did end, to the look that followed; so work that took long counts, and so does
/// a thread that the system let run too late. A server that was late itself, or whose word reached us late, finds us in
/// time.
struct Punctuality: Equatable, Sendable {
    /// When we were to look at the device.
    private var due: Duration?
    /// The latest we came since the device was last served.
    private(set) var late = Duration.zero

    /// We wait until then, or until the device calls. RT safe.
    mutating func expect(at time: Duration) { due = time }

    /// We look at the device. What follows until the next look is ours as well. RT safe.
    mutating func look(at now: Duration) {
        if let due { late = max(late, now - due) }
        due = now
    }

    /// The device took or gave frames. RT safe.
    mutating func served() { late = .zero }

    /// - Parameter held: what the device had between us and it when it was last served.
    /// - Returns: whether our being late explains that it ran dry or over: by the half of it or more.
    func explains(_ held: Duration) -> Bool { late * 2 >= held }
}
