import AudioCore

/// A destination of speech with a clock of its own, opened: mono `Int16` at its own rate, a period at a time.
///
/// One owner, on the playback thread. Everything but opening is the body of a period, and RT safe for the devices that
/// are real.
protocol OutputDevice: ~Copyable {
    var rate: SampleRate { get }
    /// Frames in one write.
    var period: Int { get }

    /// Blocks until a period fits, or until woken.
    ///
    /// - Returns: whether a period fits; false when the wake-up came first.
    /// - Throws: `.unplugged`, `.stalled` and their like when the device is gone. It is then not used again.
    mutating func waitForRoom(_ wake: Wake) throws(DeviceError) -> Bool

    /// Queues exactly one period, which fits.
    mutating func write(_ frames: Span<Int16>) throws(DeviceError)

    /// Frames queued that have not been heard yet, as far as the device knows.
    mutating func delay() throws(DeviceError) -> Int

    /// Silences the device at once, throwing away what it holds, and makes it ready for the next write.
    mutating func drop() throws(DeviceError) -> DroppedSound

    /// It may stand still between two sounds: nothing is written for as long as nobody needs it.
    var canRest: Bool { get }

    /// Ends in good order: what is to be finished, such as a file's header, is.
    mutating func finish() throws(DeviceError)
}

extension OutputDevice where Self: ~Copyable {
    /// What keeps the time of what it plays, as a file does, is never left.
    var canRest: Bool { false }
}

/// What an output threw away when it was silenced.
struct DroppedSound: Equatable, Sendable {
    /// Frames that were queued and will never be heard.
    var unheard: Int
    /// What is written next follows on what was heard without a gap, so a fade belongs there. False for a device that
    /// had to be stopped: through PulseAudio a fade came 1.5 to 3 ms late and in part, which is a second click.
    var isSeamless: Bool
}
