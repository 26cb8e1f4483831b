/// Stands in for the parking of a session.
extension SessionKeeper {
    package mutating func park(now: Duration) -> [Effect] { [] }
    package mutating func unpark(now: Duration) -> [Effect] { [] }
}
