package import AudioCore
import Synchronization

/// The last words of a conversation that somebody else than its user ends: asked for while it runs, and said on its
/// devices when its line is closed. A chime, and then a voice where one is installed (`SpokenNotice`).
package final class Farewell: Sendable {
    /// Where it is said.
    package struct Outlet: Sendable {
        let speech: SpeechSink
        let chime: @Sendable (Chime) -> Void
        /// Speech before this position has been heard.
        let heard: @Sendable () -> Int

        /// - Parameter speech: nobody else writes to it any more.
        package init(
            speech: SpeechSink, chime: @escaping @Sendable (Chime) -> Void, heard: @escaping @Sendable () -> Int
        ) {
            self.speech = speech
            self.chime = chime
            self.heard = heard
        }
    }

    /// All of it. The session's loop stands still meanwhile, which passes for a fault after `Health.patience`.
    static let longest = Duration.milliseconds(4_500)
    /// How long the chime lasts, and a breath after it.
    static let chimeLength = Duration.milliseconds(500)
    private static let look = Duration.milliseconds(50)

    private struct State {
        var words: String?
        var isCutShort = false
    }

    private let state = Mutex(State())

    package init() {}

    /// Any thread.
    package func ask(for words: String) { state.withLock { $0.words = $0.words ?? words } }

    /// The user wants the end now. Any thread.
    package func cutShort() { state.withLock { $0.isCutShort = true } }

    package var isWanted: Bool { state.withLock { $0.words != nil && !$0.isCutShort } }

    /// Says it, in place of what the model was saying; returns when it was heard, is cut short, or took too long.
    ///
    /// - Parameters:
    ///   - isAudible: nothing is played where that is false.
    ///   - environment: where the voice is looked for.
    package func say(
        through outlet: Outlet, isAudible: Bool, environment: [String: String], time: EngineTime
    ) async {
        guard isAudible, let words = state.withLock({ $0.words }) else { return }
        let end = time.now() + Self.longest
        async let sound = SpokenNotice.speak(words, environment: environment)
        outlet.speech.interrupt()
        await wait(until: time.now() + Self.look, time) { false }  // what silences the device takes a chime along
        outlet.chime(.trouble)
        await wait(until: time.now() + Self.chimeLength, time) { false }
        guard let spoken = await sound, isWanted else { return }
        outlet.speech.append(spoken.samples.span, rate: spoken.rate)
        outlet.speech.endOfSpeech()
        let position = outlet.speech.position
        await wait(until: end, time) { outlet.heard() >= position }
    }

    private func wait(until due: Duration, _ time: EngineTime, unless isOver: () -> Bool) async {
        while !isOver(), isWanted, !Task.isCancelled, time.now() < due {
            await time.sleep(min(due, time.now() + Self.look))
        }
    }
}
