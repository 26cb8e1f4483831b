/// How answers are sampled.
package struct GenerationOptions: Sendable, Equatable {
    /// Above 0 up to 2.
    package var temperature: Double?
    package var topP: Double?
    package var topK: Int?
    package var seed: Int?
    package var maxOutputTokens: Int?
    package var presencePenalty: Double?
    package var frequencyPenalty: Double?
    package var candidateCount: Int?
    /// Tokens per video frame.
    package var mediaResolution: MediaResolution?

    package init() {}
}

package enum MediaResolution: String, Sendable, Hashable, CaseIterable {
    case low = "MEDIA_RESOLUTION_LOW"
    case medium = "MEDIA_RESOLUTION_MEDIUM"
    case high = "MEDIA_RESOLUTION_HIGH"
}
