/// From when on a changed setting holds, where the daemon reads its settings again.
package enum ReloadClass: String, Sendable, Hashable, CaseIterable {
    /// At once, also for the conversation under way.
    case now
    /// From the next turn of the conversation under way on.
    case nextTurn = "next turn"
    /// For the next conversation, which `hangup` and `connect` begin.
    case nextSession = "next session"
    /// When the daemon is started again.
    case restart
}
