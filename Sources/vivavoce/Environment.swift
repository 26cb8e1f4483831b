import FoundationEssentials

/// The process's variables.
enum Environment {
    static var current: [String: String] { ProcessInfo.processInfo.environment }

    /// Milliseconds since 1970.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
