import Assistant
import AudioFrontEnd

/// What to set, as an echo was found to be: in words, and as the settings' own keys.
struct EchoAdvice: Equatable {
    /// A sentence or two for each finding.
    private(set) var words: [String]
    /// By the key's path.
    private(set) var settings: [String: String]

    /// - Parameter volume: at which it was measured, linear.
    init(on findings: ProbeFindings, volume: Double) {
        words = findings.problems.map(Self.words)
        settings = [
            SettingKey.echoCancellation.path: "auto", SettingKey.mode.path: "open", SettingKey.bargeIn.path: "local",
        ]
        if words.isEmpty {
            words = [findings.echo == nil ? Self.noEcho : "You can speak into the answer; it falls silent at once."]
        }
        // The graver problem comes later, and its settings hold.
        for problem in findings.problems {
            settings.merge(Self.settings(problem, volume: volume)) { _, new in new }
        }
    }

    private static let noEcho = """
        The microphone does not hear the loudspeaker, as with headphones: you can speak into the answer. If you sat \
        before open loudspeakers, these were the wrong devices, or too soft.
        """

    private static func words(_ problem: ProbeFindings.Problem) -> String {
        switch problem {
        case .clipping:
            "The microphone is overdriven. Turn it or the loudspeaker down, or move them apart, and test again."
        case .unclear:
            "Something was heard while the loudspeaker played, but not the chirps: it was not quiet, the devices delay "
                + "by more than 0.7 s, or the machine was too busy. Test again; until then the microphone is better "
                + "closed while the answer plays."
        case .uncancelled:
            "The echo is not cancelled well enough: close the microphone while the answer plays, or use headphones."
        case .firesOnce:
            "A voice was heard once where only the loudspeaker spoke: let the service decide when you speak into the answer. If it was "
                + "not quiet, test again."
        case .fires:
            "A voice is heard where only the loudspeaker speaks: close the microphone while the answer plays, or use headphones. If it was "
                + "not quiet, test again."
        }
    }

    private static func settings(_ problem: ProbeFindings.Problem, volume: Double) -> [String: String] {
        switch problem {
        case .clipping: [SettingKey.volume.path: "\(max(1, Int((volume * 50).rounded())))"]
        case .firesOnce: [SettingKey.bargeIn.path: "service"]
        case .unclear, .uncancelled, .fires: [SettingKey.mode.path: "half", SettingKey.bargeIn.path: "off"]
        }
    }
}
