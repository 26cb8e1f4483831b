/// Ears (not built yet): collects and understands nothing.
final class Ears: Sendable {
    struct Hearing: Sendable {
        var text: String?
    }

    actor Utterance {
        func hear(_ samples: [Int16]) {}
        func finish() -> Hearing { Hearing(text: nil) }
        func abandon() {}
    }

    func begin() async -> Utterance { Utterance() }
}
