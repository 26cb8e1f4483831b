import CWebRTCAudio
import Glibc

/// Says whether a voice is heard: WebRTC's detector, and a level well over the room's own noise.
///
/// The detector alone takes key clicks for speech, and the level alone takes anything loud. Both must agree in three of
/// four frames of 20 ms for a voice to begin, which a word of 150 ms lasts for and a click does not; it ends when none
/// of the last four did. Ends of turns are decided from longer stretches, elsewhere.
struct VoiceDetector: ~Copyable {
    private static let frame = EchoCanceller.frame
    /// How much louder than the noise a voice is at least, dB.
    private static let margin: Float = 9
    /// Nothing under this is a voice, however quiet the room: dBFS.
    private static let threshold: Float = -55

    private let state: OpaquePointer
    /// Two frames, the unit of a decision.
    private let window: UnsafeMutablePointer<Int16>
    private var filled = 0
    /// The level of the room's own noise, dBFS; at first whatever is heard first.
    private var floor = Float.infinity
    /// One bit for each of the last four decisions, the newest lowest.
    private var votes: UInt8 = 0
    /// A voice is heard, as of the newest 20 ms.
    private(set) var hearsVoice = false

    /// - Throws: when there is no memory for it.
    init() throws(FrontEndError) {
        // Mode 2 after noise suppression was the best of those measured.
        guard let made = vv_voice_detector_create(2) else {
            throw FrontEndError(.voice, "no voice detector", webRTC: -1)
        }
        state = made
        window = .allocate(capacity: 2 * Self.frame)
        window.initialize(repeating: 0, count: 2 * Self.frame)
    }

    deinit {
        vv_voice_detector_free(state)
        window.deallocate()
    }

    /// - Parameters:
    ///   - frame: 10 ms at 16 kHz, after noise suppression: shape `[160]`.
    ///   - isAdmissible: what is heard can be a voice at all; otherwise it is the loudspeaker.
    /// - Note: RT safe.
    mutating func hear(_ frame: Span<Int16>, isAdmissible: Bool) {
        for index in 0..<Self.frame { window[filled + index] = frame[index] }
        filled += Self.frame
        guard filled == 2 * Self.frame else { return }
        filled = 0
        let verdict = vv_voice_detector_process(state, window, CInt(2 * Self.frame))
        precondition(verdict >= 0, "the voice detector refused a valid frame")
        let level = self.level
        let isVoice = verdict == 1 && level > max(Self.threshold, floor + Self.margin) && isAdmissible
        follow(level, isVoice: isVoice)
        votes = (votes << 1 | (isVoice ? 1 : 0)) & 0b1111
        hearsVoice = hearsVoice ? votes != 0 : votes.nonzeroBitCount >= 3
    }

    private var level: Float {
        var sum: Float = 0
        for index in 0..<2 * Self.frame { sum += Float(window[index]) * Float(window[index]) }
        return 10 * log10f(sum / Float(2 * Self.frame) / (32_768 * 32_768) + 1e-9)
    }

    /// The floor falls at once, rises 3 dB a second, and hardly while a voice is heard.
    private mutating func follow(_ level: Float, isVoice: Bool) {
        let rise: Float = isVoice ? 0.005 : 0.06
        floor = level < floor ? floor + 0.3 * (level - floor) : min(level, floor + rise)
    }
}
