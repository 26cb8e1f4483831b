import AudioCore

/// What one reading from an input brought.
enum InputReading: Equatable {
    /// Samples at 16 kHz at the front of the frame, and when the first of them was captured (monotonic clock).
    case samples(Int, capturedAt: Duration)
    /// The wake-up came first; nothing was read, nothing is lost.
    case woken
    /// There will be no more.
    case ended
}

/// A source of voice, opened: mono, 16 kHz.
///
/// One owner, on the capture thread. `read` is the body of a device period: RT safe for the devices that have one.
protocol InputDevice: ~Copyable {
    /// What came in may not be changed, shortened or dropped: it waits for the ring instead.
    var isExact: Bool { get }

    /// Fills a frame, of 10 ms as `CaptureLoop` asks, or less at the end. Blocks for one frame's time at most, except
    /// on a pipe, whose pace is the other side's; `wake` ends every wait.
    ///
    /// - Throws: `.unplugged`, `.stalled` and their like when the device is gone. It is then not used again.
    mutating func read(into frame: inout MutableSpan<Int16>, wake: Wake) throws(DeviceError) -> InputReading

    /// Stops listening, really, or begins again. A device that is stopped reads as `.woken` only.
    mutating func setListening(_ isListening: Bool) throws(DeviceError)

    /// Nobody waits for the sound, so it may come in larger steps, or somebody does again. None of it is lost.
    mutating func setHurried(_ isHurried: Bool)
}

extension InputDevice where Self: ~Copyable {
    var isExact: Bool { false }

    /// A source that goes on by itself: what it brings meanwhile is thrown away by the loop.
    mutating func setListening(_ isListening: Bool) throws(DeviceError) {}

    mutating func setHurried(_ isHurried: Bool) {}
}
