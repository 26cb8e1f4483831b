package import AudioCore
package import LiveSession

/// What the engine asks of the devices. None of it waits.
package protocol AudioPorts: AnyObject, Sendable {
    /// Samples that left the output: the only truth about what was heard (invariant 5).
    var clock: PlaybackClock { get }

    /// What time it is by the clock of `clock` and `voiceActivity`: since boot, sleep excluded.
    var now: Duration { get }

    /// The session is live for the first time: inputs that have a beginning, files and pipes, start now.
    func sessionWentLive()

    /// Stops reading the input, really, or reads it again.
    func setMuted(_ isMuted: Bool)

    /// Lets these devices stand still until they are needed: the microphone is not read, or in larger steps, and the
    /// loudspeaker is not written to unless there is something to play. The others run.
    func rest(_ devices: TurnKeeper.Rest)

    /// Whether somebody speaks into the input, as far as that is known.
    var voiceActivity: VoiceActivity { get }

    /// The voice is listened to for the wake word from here on, or no longer.
    func awaitWakeWord(_ isAwaited: Bool)

    /// What the meters show, in dBFS.
    var levels: (input: Double, output: Double) { get }

    /// What went wrong on the devices' threads, since the beginning.
    var counts: (input: DeviceCounters.Counts, output: DeviceCounters.Counts) { get }
}
