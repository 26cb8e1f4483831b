import ArgumentParser
import Foundation
import Rehearsal

/// Tells what the ears understand of recordings, without a service.
struct Hear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what the ears understand of WAV files.",
        discussion: "One line per utterance: the sentence, or that it was not understood.")

    @Flag(help: "Print JSON Lines with the evidence for each sentence.")
    var json = false

    @Argument(help: "WAV files of 16-bit PCM, any rate and channel count.")
    var files: [String]

    func run() async throws {
        let ears = Ears.shared
        do {
            for file in files {
                let utterances = try await RecordedSpeech.utterances(in: file, ears: ears)
                if utterances.isEmpty { print(line(file, nil)) }
                for utterance in utterances { print(line(file, utterance)) }
            }
        } catch {
            throw error.exit()
        }
    }

    private func line(_ file: String, _ utterance: RecordedSpeech.Utterance?) -> String {
        let (hearing, text) =
            switch utterance?.hearing {
            case .words(let words): ("words", words)
            case .unclear: ("unclear", "")
            case .nothing, nil: ("nothing", "")
            }
        guard json else {
            return switch hearing {
            case "words": "\(file): \(text)"
            case "unclear": "\(file): not understood; nearest: \(utterance?.guess ?? "")"
            default: "\(file): no speech"
            }
        }
        let evidence = (utterance?.evidence ?? []).map { ",\"\($0.name)\":\($0.value)" }.joined()
        let milliseconds = (utterance?.took ?? .zero) / .milliseconds(1)
        return "{\"file\":\"\(file)\",\"hearing\":\"\(hearing)\",\"text\":\"\(text)\""
            + ",\"guess\":\"\(utterance?.guess ?? "")\",\"intent\":\"\(utterance?.intent ?? "")\",\"milliseconds\":\(Int(milliseconds))\(evidence)}"
    }
}
