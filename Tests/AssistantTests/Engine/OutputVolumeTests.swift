import AudioDevices
import Synchronization
import Testing

@testable import Assistant

@Suite("Volume of the output", .timeLimit(.minutes(5)))
struct OutputVolumeTests {
    private let card = DeviceSpec.alsa("hw:CARD=PCH")
    private let headset = DeviceSpec.alsa("hw:CARD=Headset")

    private struct Asked: Equatable {
        var volume: Double
        var output: DeviceSpec
    }

    /// A volume of 0.5 on the card, mixers that wait for the test's answer, and what is set and told.
    private final class Stage: Sendable {
        let volume: OutputVolume
        private let own = Recorded()
        private let asked = AsyncStream.makeStream(of: Asked.self)
        private let answers = AsyncStream.makeStream(of: Result<Void, DeviceError>.self)
        private let problems = AsyncStream.makeStream(of: DeviceError.self)

        init() {
            volume = OutputVolume(0.5, on: .alsa("hw:CARD=PCH"), own: { [own] in own.add($0) }) {
                [asked, answers] volume, output throws(DeviceError) in
                asked.continuation.yield(Asked(volume: volume, output: output))
                var answers = answers.stream.makeAsyncIterator()
                try await answers.next()?.get()
            }
        }

        /// What ours was set to so far.
        var ours: [Float] { own.all }

        func running(_ body: (Stage) async -> Void) async {
            let task = Task { [volume, problems] in await volume.run { problems.continuation.yield($0) } }
            await body(self)
            task.cancel()
            answers.continuation.finish()
            await task.value
        }

        func answer(_ result: Result<Void, DeviceError>) { answers.continuation.yield(result) }

        func nextAsked() async -> Asked? {
            var iterator = asked.stream.makeAsyncIterator()
            return await iterator.next()
        }

        func nextProblem() async -> DeviceError? {
            var iterator = problems.stream.makeAsyncIterator()
            return await iterator.next()
        }
    }

    private final class Recorded: Sendable {
        private let values = Mutex<[Float]>([])
        var all: [Float] { values.withLock { $0 } }
        func add(_ value: Float) { values.withLock { $0.append(value) } }
    }

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
        let volume = OutputVolume(0.5, on: card, own: { _ in Issue.record("ours is not to be set") }) {
            volume, _ throws(DeviceError) in try await mixer.set(volume)
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
        let volume = OutputVolume(0.5, on: card, own: { _ in Issue.record("ours is not to be set") }) {
            volume, _ throws(DeviceError) in try await mixer.set(volume)
        }
        let running = Task { await volume.run { problems.continuation.yield($0.code) } }
        var told = problems.stream.makeAsyncIterator()
        var asked = mixer.asked.stream.makeAsyncIterator()
        volume.set(2)
        mixer.answers.continuation.yield(.failure(DeviceError(.stalled, "it does not answer")))
        #expect(await asked.next() == 1)
        #expect(await told.next() == .stalled)
        volume.goesOut(to: card)
        #expect(await asked.next() == 1)
        running.cancel()
        mixer.answers.continuation.yield(.success(()))
        await running.value
    }

    @Test("a mixer stays as it is until somebody wants a volume, also when the card is plugged in again")
    func untouched() async {
        let asked = AsyncStream.makeStream(of: Double.self)
        let volume = OutputVolume(nil, on: card, own: { _ in Issue.record("ours is not to be set") }) {
            volume, _ throws(DeviceError) in asked.continuation.yield(volume)
        }
        let running = Task { await volume.run { _ in } }
        volume.goesOut(to: card)
        volume.set(0.25)
        #expect(await asked.stream.first { _ in true } == 0.25)
        running.cancel()
        await running.value
    }

    @Test("without a mixer the volume is ours, at once")
    func own() {
        let set = Mutex<[Float]>([])
        let volume = OutputVolume(0.5, on: card, own: { volume in set.withLock { $0.append(volume) } }, mixer: nil)
        volume.set(-1)
        volume.goesOut(to: headset)
        #expect(set.withLock { $0 } == [0.5, 0])
    }

    @Test("another card's mixer is set when the output changes; ours keeps the volume until that has been done")
    func otherCard() async {
        let stage = Stage()
        await stage.running { stage in
            stage.volume.goesOut(to: headset)
            #expect(stage.ours == [0.5])
            #expect(await stage.nextAsked() == Asked(volume: 0.5, output: headset))
            stage.volume.set(0.25)
            #expect(stage.ours == [0.5, 0.25])
            stage.answer(.success(()))
            #expect(await stage.nextAsked() == Asked(volume: 0.25, output: headset))
            #expect(stage.ours == [0.5, 0.25, 1])
            stage.volume.goesOut(to: card)
            stage.answer(.success(()))
            #expect(await stage.nextAsked() == Asked(volume: 0.25, output: card))
            // The answer of the headset's mixer did not speak for the card's.
            #expect(stage.ours == [0.5, 0.25, 1, 0.25])
        }
    }

    @Test("where the other card has no such control the volume is ours, which is told once")
    func noControl() async {
        let stage = Stage()
        await stage.running { stage in
            stage.volume.goesOut(to: headset)
            _ = await stage.nextAsked()
            stage.answer(.failure(DeviceError(.usage, "it has no Master", remedy: "There are: PCM")))
            let told = await stage.nextProblem()
            #expect(told?.message == "it has no Master; the volume is our own on it")
            #expect(told?.remedy == "There are: PCM")
            stage.volume.set(0.25)
            stage.volume.goesOut(to: headset)
            #expect(stage.ours == [0.5, 0.25])
            // Back on the first card, its mixer is asked again; of the headset's nothing was asked meanwhile.
            stage.volume.goesOut(to: card)
            #expect(await stage.nextAsked() == Asked(volume: 0.25, output: card))
        }
    }

    @Test("another card's mixer that hangs may answer later; until then the volume is ours")
    func hangsOnOther() async {
        let stage = Stage()
        await stage.running { stage in
            stage.volume.goesOut(to: headset)
            _ = await stage.nextAsked()
            stage.answer(.failure(DeviceError(.stalled, "it does not answer")))
            #expect(await stage.nextProblem()?.message == "it does not answer")
            stage.volume.set(0.75)
            _ = await stage.nextAsked()
            #expect(stage.ours == [0.5, 0.75])
        }
    }
}
