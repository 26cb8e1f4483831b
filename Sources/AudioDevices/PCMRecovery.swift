import Glibc

/// What to do when a PCM device refuses: ALSA's table of errors and states, without ALSA.
struct PCMRecovery: Equatable, Sendable {
    enum Action: Equatable, Sendable {
        /// Nothing is wrong: ask again when the device is ready.
        case retry
        /// It ran dry or over: prepare it and go on. Sound was lost.
        case restart
        /// The machine slept: resume it, or restart it where it cannot.
        case resume
        /// It is gone or broken.
        case fail(DeviceError.Code)
    }

    /// Restarts in a row that did not bring a single frame before the device counts as broken.
    static let patience = 10
    private var fruitless = 0

    /// - Parameters:
    ///   - errno: positive, as a call returned it.
    ///   - state: of the device, asked after that call.
    mutating func action(errno: CInt, state: PCMState) -> Action {
        switch (errno, state) {
        case (EAGAIN, _), (EINTR, _): return .retry
        case (ENODEV, _), (ENOTTY, _), (_, .disconnected): return .fail(.unplugged)
        case (EPIPE, _), (_, .xrun): return attempt(.restart)
        case (ESTRPIPE, _), (_, .suspended): return attempt(.resume)
        // The wrong state for what was asked: somebody stopped the device, which starting it again mends.
        case (EBADFD, .setup), (EBADFD, .prepared), (EBADFD, .paused): return attempt(.restart)
        case (EBUSY, _): return .fail(.busy)
        case (EIO, _): return attempt(.restart)
        default: return .fail(.inputOutput)
        }
    }

    /// Frames came or went: it works.
    mutating func succeeded() { fruitless = 0 }

    private mutating func attempt(_ action: Action) -> Action {
        fruitless += 1
        return fruitless > Self.patience ? .fail(.xrun) : action
    }
}
