import AudioCore
import AudioFrontEnd
import Dispatch
import Glibc
import Synchronization
import TestKit
import Testing

@testable import AudioDevices

/// A device that does what a test says: each run takes the next word of the script, and then works until it is left.
private final class ScriptedDevice: Sendable {
    enum Run: Sendable {
        case fails(DeviceError)
        /// Sound flows until the device is left or unplugged.
        case works
    }

    private struct State {
        var script: [Run]
        var opened: [(device: DeviceSpec, rate: SampleRate?)] = []
        var current: AsyncStream<Result<CaptureEnd, DeviceError>>.Continuation?
    }

    private let state: Mutex<State>
    let activity = Mutex(DeviceActivity(periods: 0))
    /// Names as they are opened.
    let runs: AsyncStream<DeviceSpec>
    private let run: AsyncStream<DeviceSpec>.Continuation

    init(_ script: [Run]) {
        state = Mutex(State(script: script))
        (runs, run) = AsyncStream.makeStream()
    }

    var opened: [DeviceSpec] { state.withLock { $0.opened.map(\.device) } }
    var rates: [SampleRate?] { state.withLock { $0.opened.map(\.rate) } }

    /// Ends the run under way like this.
    func end(_ result: Result<CaptureEnd, DeviceError>) {
        state.withLock { $0.current }?.yield(result)
    }

    var device: DeviceSupervisor.Device {
        DeviceSupervisor.Device(
            run: { [self] device, rate, onNotice in
                let (ends, end) = AsyncStream.makeStream(of: Result<CaptureEnd, DeviceError>.self)
                let next = state.withLock { state in
                    state.opened.append((device, rate))
                    state.current = end
                    return state.script.isEmpty ? Run.works : state.script.removeFirst()
                }
                run.yield(device)
                if case .fails(let error) = next { return .failure(error) }
                onNotice(
                    .opened(
                        OpenedDevice(
                            name: device.description, rate: SampleRate(hertz: 48_000), channels: 1, format: .signed16,
                            period: 480, buffer: 2_880)))
                onNotice(.works)
                for await result in ends { return result }
                return .success(.stopped)
            },
            leave: { [self] in end(.success(.stopped)) },
            activity: { [self] in activity.withLock { $0 } })
    }
}

@Suite("Device supervisor", .timeLimit(.minutes(5)))
struct DeviceSupervisorTests {
    private let card = DeviceSpec.alsa("hw:CARD=PCH")
    private let gone = DeviceError(.unplugged, "gone")

    /// A supervisor that runs, what it reports, and its time.
    private final class Stage: Sendable {
        let device: ScriptedDevice
        let clock = ManualClock()
        let supervisor: DeviceSupervisor
        let states: AsyncStream<DeviceReport.State>

        init(_ script: [ScriptedDevice.Run]) {
            device = ScriptedDevice(script)
            let (states, feed) = AsyncStream.makeStream(of: DeviceReport.State.self)
            self.states = states
            let told = Guarded<[DeviceError]>([])
            supervisor = DeviceSupervisor(device.device, clock: clock) { report in
                switch report {
                case .state(let state, _, _): feed.yield(state)
                case .problem(let error): told.value.withLock { $0.append(error) }
                case .opened, .notRealTime: break
                }
            }
            self.told = told
        }

        private let told: Guarded<[DeviceError]>
        var complaints: [DeviceError] { told.value.withLock { $0 } }

        func nextState() async -> DeviceReport.State? {
            var iterator = states.makeAsyncIterator()
            return await iterator.next()
        }

        func nextRun() async -> DeviceSpec? {
            var iterator = device.runs.makeAsyncIterator()
            return await iterator.next()
        }

        /// Moves time on, nap by nap, until the device has been opened so often.
        func passTime(untilOpened count: Int) async {
            while device.opened.count < count {
                guard let nap = await clock.nextNap() else { return }
                if device.opened.count < count { clock.advance(by: nap) }
            }
        }
    }

    @Test("unplugged in mid-stream it is opened again and again, and is back when it is there again")
    func replugged() async {
        let away = Array(repeating: ScriptedDevice.Run.fails(gone), count: 20)
        let stage = Stage([.works] + away)
        async let end = stage.supervisor.run(on: card)
        #expect(await stage.nextState() == .open)
        stage.device.end(.failure(gone))
        #expect(await stage.nextState() == .lost)
        await stage.passTime(untilOpened: 22)
        #expect(await stage.nextState() == .reopened)
        // At once, then 100, 200, 400 ms, and each half second.
        #expect(stage.clock.elapsed >= .milliseconds(700 + 16 * 500))
        stage.supervisor.stop()
        #expect(await end == .success(.stopped))
    }

    @Test("a device that is not there at all ends at once, with why")
    func missing() async {
        let missing = DeviceError(.unknown(available: []), "no such device")
        let stage = Stage([.fails(missing)])
        #expect(await stage.supervisor.run(on: card) == .failure(missing))
        #expect(stage.device.opened == [card])
    }

    @Test("one that vanishes between being listed and being opened is tried again")
    func vanished() async {
        let vanished = DeviceError(.unknown(available: ["alsa:hw:CARD=PCH"]), "no such device")
        let stage = Stage([.fails(vanished), .fails(vanished), .works])
        async let end = stage.supervisor.run(on: card)
        await stage.passTime(untilOpened: 3)
        #expect(await stage.nextState() == .open)
        #expect(stage.complaints == [vanished])
        stage.supervisor.stop()
        #expect(await end == .success(.stopped))
    }

    @Test("another device is changed to live, and gone back from when it cannot be had")
    func changes() async {
        let missing = DeviceError(.unknown(available: []), "no such device")
        let stage = Stage([.works, .works, .fails(missing), .works])
        let usb = DeviceSpec.alsa("hw:CARD=USB")
        let phantom = DeviceSpec.alsa("hw:CARD=None")
        async let end = stage.supervisor.run(on: card)
        #expect(await stage.nextState() == .open)
        stage.supervisor.change(to: usb)
        #expect(await stage.nextState() == .changed)
        stage.supervisor.change(to: phantom)
        for device in [card, usb, phantom, usb] { #expect(await stage.nextRun() == device) }
        #expect(stage.complaints == [missing])
        stage.supervisor.stop()
        #expect(await end == .success(.stopped))
    }

    @Test("a lying device is opened again at its true rate")
    func liar() async {
        let lie = DeviceError.wrongRate("x", claimed: SampleRate(hertz: 48_000), measured: 44_090, direction: .input)
        let stage = Stage([.works, .works])
        async let end = stage.supervisor.run(on: card)
        #expect(await stage.nextState() == .open)
        stage.device.end(.failure(lie))
        #expect(await stage.nextState() == .changed)
        #expect(stage.device.rates == [nil, SampleRate(hertz: 44_100)])
        stage.supervisor.stop()
        #expect(await end == .success(.stopped))
    }

    @Test("devices that come hasten the next try")
    func hotplug() async {
        let stage = Stage([.works] + Array(repeating: .fails(gone), count: 5))
        async let end = stage.supervisor.run(on: card)
        #expect(await stage.nextState() == .open)
        stage.device.end(.failure(gone))
        #expect(await stage.nextState() == .lost)
        await stage.passTime(untilOpened: 5)
        let before = stage.clock.elapsed
        while stage.device.opened.count < 7 {
            stage.supervisor.devicesChanged()
            _ = await stage.nextRun()
        }
        #expect(await stage.nextState() == .reopened)
        #expect(stage.clock.elapsed == before)
        stage.supervisor.stop()
        #expect(await end == .success(.stopped))
    }

    @Test("nothing but zeros is told, without a word from the device's thread")
    func zeros() async {
        let stage = Stage([.works])
        async let end = stage.supervisor.run(on: card)
        #expect(await stage.nextState() == .open)
        for look in 0..<12 {
            stage.device.activity.withLock { $0 = DeviceActivity(periods: look, zeroSamples: look * 8_000) }
            if let nap = await stage.clock.nextNap() { stage.clock.advance(by: nap) }
        }
        #expect(await stage.nextState() == .silent)
        stage.supervisor.stop()
        #expect(await end == .success(.stopped))
    }
}

/// A mutex that a closure may capture.
private final class Guarded<Value: Sendable>: Sendable {
    let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }
}

@Suite("Calls that may never return", .timeLimit(.minutes(5)), .serialized)
struct DetachedCallTests {
    /// Blocks whoever asks until it is opened.
    private final class Gate: Sendable {
        let semaphore = DispatchSemaphore(value: 0)
        func wait() { semaphore.wait() }
        func open() { semaphore.signal() }
    }

    @Test("what returns in time is what was asked for, and what it throws is thrown")
    func inTime() throws {
        let wake = try Wake()
        #expect(
            try DetachedCall.value(of: "x", within: .seconds(5), wake: wake, unless: { false }) {
                () throws(DeviceError) in 7
            } == 7)
        let error = #expect(throws: DeviceError.self) {
            try DetachedCall.value(of: "x", within: .seconds(5), wake: wake, unless: { false }) {
                () throws(DeviceError) -> Int in throw DeviceError(.busy, "busy")
            }
        }
        #expect(error?.code == .busy)
    }

    @Test("an opening that blocks for ever is left behind and told; a few of them are the most")
    func blocks() throws {
        let wake = try Wake()
        let gate = Gate()
        for attempt in 1...DetachedCall.most + 3 {
            let error = #expect(throws: DeviceError.self) {
                try DetachedCall.value(of: "x", within: .milliseconds(5), wake: wake, unless: { false }) {
                    () throws(DeviceError) in gate.wait()
                }
            }
            #expect(error?.code == .stalled)
            #expect(error?.remedy != nil)
            #expect(DetachedCall.abandonedCount == min(attempt, DetachedCall.most))
        }
        for _ in 0..<DetachedCall.most { gate.open() }
        while DetachedCall.abandonedCount > 0 { sched_yield() }
    }

    @Test("whoever is to end does not wait for it")
    func ends() throws {
        let wake = try Wake()
        let gate = Gate()
        wake.signal()
        let nothing: Void? = try DetachedCall.value(of: "x", within: .seconds(60), wake: wake, unless: { true }) {
            () throws(DeviceError) in gate.wait()
        }
        #expect(nothing == nil)
        gate.open()
        while DetachedCall.abandonedCount > 0 { sched_yield() }
    }
}
