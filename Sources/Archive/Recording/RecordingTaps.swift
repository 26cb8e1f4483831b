package import AudioCore

/// What a recorder hears: the ends that the devices' threads write to, and what of the voice is sent.
package struct RecordingTaps: Sendable {
    /// Sound that is kept while the disk makes the recorder wait: 20 s of voice, and of speech at the rates of common
    /// devices.
    private static let patience = 20

    package let voice = SoundTape(minimumCapacity: patience * SampleRate.voice.hertz)
    package let speech = SoundTape(minimumCapacity: patience * SoundTrack.rate.hertz)
    package let wanted = WantedVoice()

    package init() {}
}
