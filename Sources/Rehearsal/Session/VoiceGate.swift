import Foundation

/// Finds where somebody starts and stops to speak, from the energy of 10 ms frames against the quiet around them.
///
/// Time here is the stream's own: samples counted, not a clock, so a file sent at any speed is cut the same way.
struct VoiceGate {
    enum Edge: Equatable {
        /// Somebody has been speaking since `offset` samples into the stream.
        case started(offset: Int)
        case ended(offset: Int)
    }

    static let rate = 16_000
    private static let frameSize = 160
    /// Longer utterances are ended here: nobody asks for half a minute, but a humming fan does.
    private static let longestUtterance = 30 * rate

    /// How far above the quiet, and above full scale's −60 dB or so, a frame must be to count as voice.
    private let riseDecibels: Float
    private let leastDecibels: Float
    private let startFrames: Int
    private let endFrames: Int

    private var frame: [Int16] = []
    private var offset = 0
    private var floorDecibels: Float = -60
    private var voicedRun = 0
    private var silentRun = 0
    private var startedAt: Int?

    var isOpen: Bool { startedAt != nil }
    /// Samples seen so far.
    var position: Int { offset + frame.count }

    init(_ detection: SetupRequest.Detection) {
        riseDecibels = detection.startsEagerly ? 9 : 15
        leastDecibels = detection.startsEagerly ? -50 : -40
        // The real service publishes no defaults. These hold a sentence together over a breath, and its documentation's
        // example of 20 ms for a start would let a click interrupt an answer.
        startFrames = max(1, (detection.prefixPaddingMilliseconds ?? 60) / 10)
        endFrames = max(1, (detection.silenceMilliseconds ?? (detection.endsEagerly ? 700 : 1_200)) / 10)
    }

    /// - Parameter samples: 16 kHz mono.
    /// - Returns: the edges found, in order.
    mutating func hear(_ samples: [Int16]) -> [Edge] {
        var edges: [Edge] = []
        for sample in samples {
            frame.append(sample)
            if frame.count == Self.frameSize {
                if let edge = classify() { edges.append(edge) }
                offset += Self.frameSize
                frame.removeAll(keepingCapacity: true)
            }
        }
        return edges
    }

    /// The microphone was closed: what was being said ends here.
    mutating func flush() -> Edge? {
        voicedRun = 0
        silentRun = 0
        guard startedAt != nil else { return nil }
        startedAt = nil
        return .ended(offset: position)
    }

    private mutating func classify() -> Edge? {
        let level = Self.decibels(of: frame)
        let isVoiced = level > max(leastDecibels, floorDecibels + (isOpen ? riseDecibels - 3 : riseDecibels))
        // The quiet is followed down at once and up slowly: 0.5 dB a second under a voice, 5 dB a second without.
        floorDecibels = min(level, floorDecibels + (isVoiced ? 0.005 : 0.05))
        floorDecibels = max(floorDecibels, -90)
        voicedRun = isVoiced ? voicedRun + 1 : 0
        silentRun = isVoiced ? 0 : silentRun + 1
        let end = offset + Self.frameSize
        if let started = startedAt {
            guard silentRun >= endFrames || end - started >= Self.longestUtterance else { return nil }
            startedAt = nil
            return .ended(offset: end)
        }
        guard voicedRun >= startFrames else { return nil }
        let start = end - voicedRun * Self.frameSize
        startedAt = start
        return .started(offset: start)
    }

    private static func decibels(of frame: [Int16]) -> Float {
        var sum: Float = 0
        for sample in frame { sum += Float(sample) * Float(sample) }
        return 10 * log10(max(sum / Float(frame.count), 0.01) / (32_768 * 32_768))
    }
}
