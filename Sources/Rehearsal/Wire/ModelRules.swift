/// What one family of Live models accepts in a setup, and how it behaves where families differ.
///
/// From the provider's model pages and from reports of its users, as of November 2026.
struct ModelRules: Equatable, Sendable {
    enum Thinking: Equatable, Sendable {
        case refused
        /// `thinkingLevel` only.
        case level
        /// `thinkingBudget` only.
        case budget
    }

    enum Proactivity: Equatable, Sendable {
        /// `proactivity` and `enableAffectiveDialog` are understood, on API version v1alpha only.
        case onAlpha
        /// Always proactive: saying `false` is refused, and so is `enableAffectiveDialog`.
        case permanent
        /// Not known to the model: naming them makes the real service never answer the setup.
        case hangs
        case refused
    }

    enum ToolUse: Equatable, Sendable {
        case none
        /// Generation waits for the result, and a barge-in cancels the call in so many words.
        case blocking
        /// Generation goes on. `canBlock` says whether a declaration may ask for BLOCKING.
        case nonBlocking(canBlock: Bool)
    }

    let output: SetupRequest.Modality
    let thinking: Thinking
    let proactivity: Proactivity
    let tools: ToolUse
    /// Several members in one message: sound beside its transcript, as the 3.x models send it.
    var combinesMembers = false
    /// Reports `interactionStatus` with each end of a turn.
    var reportsInteraction = false
    /// Writes down what is said, and answers nothing.
    var onlyTranscribes = false

    /// - Parameter model: as in the setup: `models/NAME` or `projects/…/publishers/google/models/NAME`.
    /// - Returns: nil for a model that the service does not have.
    static func rules(for model: String) -> ModelRules? {
        let parts = model.split(separator: "/")
        guard parts.count >= 2, parts[parts.count - 2] == "models", let name = parts.last else { return nil }
        switch name {
        case "gemini-3.8-live":
            return ModelRules(
                output: .audio, thinking: .refused, proactivity: .permanent, tools: .nonBlocking(canBlock: true),
                combinesMembers: true)
        case "gemini-3.8-live-extended-thinking":
            return ModelRules(
                output: .audio, thinking: .level, proactivity: .permanent, tools: .nonBlocking(canBlock: false),
                combinesMembers: true, reportsInteraction: true)
        case "gemini-3.1-flash-live-preview":
            return ModelRules(
                output: .audio, thinking: .level, proactivity: .hangs, tools: .blocking, combinesMembers: true)
        case "gemini-2.5-flash-native-audio-preview-12-2025", "gemini-2.5-flash-native-audio-preview-09-2025":
            return ModelRules(output: .audio, thinking: .budget, proactivity: .onAlpha, tools: .blocking)
        case "gemini-live-2.5-flash-native-audio" where parts.first == "projects":
            return ModelRules(output: .audio, thinking: .budget, proactivity: .onAlpha, tools: .blocking)
        case "gemini-robotics-er-2-streaming-preview":
            return ModelRules(output: .text, thinking: .level, proactivity: .refused, tools: .blocking)
        case "gemini-3.5-live-translate-preview":
            return ModelRules(output: .audio, thinking: .refused, proactivity: .refused, tools: .none)
        case "gemini-3.5-transcribe-live":
            return ModelRules(
                output: .text, thinking: .refused, proactivity: .refused, tools: .none, onlyTranscribes: true)
        default: return nil
        }
    }
}
