import Synchronization

extension Connection {
    /// What all connections of a service share.
    final class Shared: Sendable {
        let configuration: RehearsalConfiguration
        let handles: HandleStore
        let sessions = OpenSessions()
        let tokens = TokenStore()
        let log: WireLog?
        private let count = Mutex(0)

        init(_ configuration: RehearsalConfiguration) throws(RehearsalError) {
            self.configuration = configuration
            handles = HandleStore(lifetime: configuration.handleLifetime)
            if let path = configuration.logPath { log = try WireLog(path: path) } else { log = nil }
        }

        /// - Returns: 1 for the first connection of the service, and so on.
        func nextNumber() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }
}
