import AudioDevices
import Events
import Logging
import Synchronization

/// Has the wake word listened for from the first time on that it is waited for, and not before: a detector costs memory
/// and a process.
final class WakeWatch: Sendable {
    private let ear: WakeEar
    private let wasWanted = Atomic<Bool>(false)
    // One, when it is first waited for.
    private let wanted = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(_ ear: WakeEar) { self.ear = ear }

    /// The word is waited for from here on, or no longer. Any thread; does not wait.
    func awaitWord(_ isAwaited: Bool) {
        ear.setOpen(isAwaited)
        guard isAwaited, !wasWanted.exchange(true, ordering: .relaxed) else { return }
        wanted.continuation.yield()
    }

    /// Until the task is cancelled.
    ///
    /// - Throws: why the detector cannot listen. Called again, it tries again when the word is next waited for.
    func run(
        _ settings: Settings.Wake, environment: [String: String], for engine: SessionEngine
    ) async throws(AssistantError) {
        guard await wanted.stream.first(where: { true }) != nil else { return }
        defer { wasWanted.store(false, ordering: .relaxed) }
        let detector = settings.detector(
            hearing: ear, environment: environment, time: .ofMachine(), log: Logger(label: "wake"),
            warn: { engine.tell(.warning($0)) })
        try await detector.run { heard in
            engine.wakeWordHeard(because: heard.because, backBy: heard.backBy ?? .zero)
        }
    }
}
