import AudioDevices
import Synchronization
import Testing

@testable import Assistant

@Suite("Volume of the output", .timeLimit(.minutes(5)))
struct OutputVolumeTests {
    /// A mixer that keeps what it is set to, and answers the first time when it is let.
    private final class SlowMixer: Sendable {
        let volumes = Mutex<[Double]>([])
        let asked = AsyncStream.makeStream(of: Double.self)
        let answers = AsyncStream.makeStream(of: Result<Void, DeviceError>.self)

        func set(_ volume: Double) async throws(DeviceError) {
            volumes.withLock { $0.append(volume) }
            asked.continuation.yield(volume)
            var answers = answers.stream.makeAsyncIterator()
            try await answers.next()?.get()
        }
    }

    @Test("behind a mixer that hangs nothing waits, and once it answers it gets the newest volume, and no other")
    func hangs() async {
        let mixer = SlowMixer()
        let volume = OutputVolume(0.5, own: { _ in Issue.record("ours is not to be set") }) {
            volume throws(DeviceError) in try await mixer.set(volume)
        }
        let running = Task { await volume.run { _ in Issue.record("it did answer") } }
        var asked = mixer.asked.stream.makeAsyncIterator()
        volume.set(0.1)
        #expect(await asked.next() == 0.1)
        for next in [0.2, 0.3, 0.4] { volume.set(next) }  // these return
        mixer.answers.continuation.yield(.success(()))
        #expect(await asked.next() == 0.4)
        running.cancel()
        mixer.answers.continuation.yield(.success(()))
        await running.value
        #expect(mixer.volumes.withLock { $0 } == [0.1, 0.4])
    }

    @Test("a mixer that fails is told of, and asked again with the next volume, or when the card is there again")
    func fails() async {
        let mixer = SlowMixer()
        let problems = AsyncStream.makeStream(of: DeviceError.Code.self)
        let volume = OutputVolume(0.5, own: { _ in }) {
            volume throws(DeviceError) in try await mixer.set(volume)
        }
        let running = Task { await volume.run { problems.continuation.yield($0.code) } }
        var told = problems.stream.makeAsyncIterator()
        var asked = mixer.asked.stream.makeAsyncIterator()
        volume.set(2)
        mixer.answers.continuation.yield(.failure(DeviceError(.stalled, "it does not answer")))
        #expect(await asked.next() == 1)
        #expect(await told.next() == .stalled)
        volume.outputOpened()
        #expect(await asked.next() == 1)
        running.cancel()
        mixer.answers.continuation.yield(.success(()))
        await running.value
    }

    @Test("a mixer stays as it is until somebody wants a volume, also when the card is plugged in again")
    func untouched() async {
        let asked = AsyncStream.makeStream(of: Double.self)
        let volume = OutputVolume(nil, own: { _ in Issue.record("ours is not to be set") }) {
            volume throws(DeviceError) in asked.continuation.yield(volume)
        }
        let running = Task { await volume.run { _ in } }
        volume.outputOpened()
        volume.set(0.25)
        #expect(await asked.stream.first { _ in true } == 0.25)
        running.cancel()
        await running.value
    }

    @Test("without a mixer the volume is ours, at once")
    func own() {
        let set = Mutex<[Float]>([])
        let volume = OutputVolume(0.5, own: { volume in set.withLock { $0.append(volume) } }, mixer: nil)
        volume.set(-1)
        volume.outputOpened()
        #expect(set.withLock { $0 } == [0.5, 0])
    }
}
