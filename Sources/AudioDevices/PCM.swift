import AudioCore
import AudioFrontEnd

/// How a PCM device was opened.
struct PCMConfiguration: Equatable, Sendable {
    var rate: SampleRate
    var format: SampleFormat
    var channels: Int
    /// Frames at which the device wakes us.
    var period: Int
    /// Frames that it holds.
    var buffer: Int
}

/// What a PCM device is doing, as ALSA names it.
enum PCMState: Equatable, Sendable {
    case setup, prepared, running, xrun, draining, paused, suspended, disconnected, other
}

/// An opened PCM device, reduced to what capture and playback ask of one: the seam at which tests put a fake.
///
/// Results are frames, or a negative `errno` as ALSA returns it; `PCMRecovery` says what to do about one. One owner,
/// on the device's thread. Nothing here blocks but `wait`.
protocol PCM: ~Copyable {
    var configuration: PCMConfiguration { get }
    var state: PCMState { get }

    /// Blocks until the device has a period to give or to take, or is in error; until woken; or until `deadline` on
    /// the monotonic clock, whichever comes first.
    func wait(_ wake: Wake, until deadline: Duration) -> Wake.Outcome

    /// Frames that can be read or written at once.
    func available() -> Int
    /// Frames between us and the converter: captured and not read, or written and not heard.
    func delay() -> Int

    /// Reads whole frames. - Returns: how many, 0 when there is none yet.
    mutating func read(into bytes: UnsafeMutableBufferPointer<UInt8>) -> Int
    /// Writes whole frames. - Returns: how many were taken, 0 when there is no room.
    mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Int

    /// Takes back what was written and lies more than `margin` frames ahead of the converter, so that other sound can be
    /// written in its place. - Returns: frames taken back; 0 when this device cannot do that.
    mutating func rewind(margin: Int) -> Int

    /// These return 0 or a negative `errno`.
    mutating func prepare() -> Int
    mutating func start() -> Int
    mutating func drop() -> Int
    mutating func resume() -> Int
}
