/// What reading the settings again has changed, as key paths such as `audio.volume`, by when each change holds.
package struct ReloadReport: Sendable, Equatable {
    /// At once.
    package var applied: [String] = []
    package var nextTurn: [String] = []
    package var nextSession: [String] = []
    /// When the daemon is started again.
    package var restart: [String] = []
    /// What a file would have changed, had not a flag or a variable set it: these words say which.
    package var kept: [String] = []

    package init() {}

    /// Nothing was changed, and nothing tried to.
    package var isEmpty: Bool { self == ReloadReport() }
}
