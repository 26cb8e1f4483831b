import Glibc

/// When a device that failed is opened again, and when it is given up.
///
/// Before it ever worked, what cannot mend itself is told at once, and a device that is busy, or that went between being
/// listed and being opened, gets a few tries. One that has worked is tried for as long as the conversation lasts.
struct ReopenPlan: Equatable, Sendable {
    enum Action: Equatable, Sendable {
        case retry(after: Duration)
        case giveUp
    }

    /// Tries before a device has ever worked; they take `200 + 400 + 800 + 1,600` ms.
    static let firstTries = 5
    private static let firstWait = Duration.milliseconds(200)
    /// The waits for a device that has worked: at once, 100 ms, twice as long each time, never longer than this. With
    /// the time it takes to open, a device is then back within a second of its return, however long it was away.
    static let longestWait = Duration.milliseconds(500)
    private static let shortestWait = Duration.milliseconds(100)
    /// One that fails earlier than this after it came back has not come back for good: the waits go on growing.
    static let steady = Duration.seconds(5)

    private(set) var hasWorked = false
    /// Failures in a row.
    private(set) var failures = 0

    /// Sound comes or goes.
    mutating func works() { hasWorked = true }

    /// It worked for this long until now.
    mutating func worked(for time: Duration) {
        if time >= Self.steady { failures = 0 }
    }

    /// - Parameter device: what failed; files and pipes are not tried again.
    mutating func failed(_ error: DeviceError, of device: DeviceSpec) -> Action {
        guard case .alsa(let name) = device else { return .giveUp }
        failures += 1
        if hasWorked {
            guard failures > 1 else { return .retry(after: .zero) }
            return .retry(after: min(Self.longestWait, Self.shortestWait * (1 << min(failures - 2, 8))))
        }
        guard Self.canMend(error, name: name), failures < Self.firstTries else { return .giveUp }
        return .retry(after: Self.firstWait * (1 << (failures - 1)))
    }

    /// Whether a first opening that failed like this may succeed in a moment.
    private static func canMend(_ error: DeviceError, name: String) -> Bool {
        switch error.code {
        case .busy, .unplugged, .stalled, .xrun, .inputOutput: true
        // It was not there to be opened, and is there to be listed: it comes or goes just now.
        case .unknown(let available): name != "default" && available.contains(DeviceSpec.alsa(name).description)
        // A sound server that is just starting, or one whose device has just gone.
        case .other: [EIO, ECONNREFUSED, ECONNRESET, ETIMEDOUT].contains(error.errno)
        case .usage, .missingFile, .badFormat, .permission, .wrongRate, .readerGone: false
        }
    }
}
