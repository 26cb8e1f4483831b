import AudioCore
import AudioFrontEnd
import Glibc
import Testing

@testable import AudioDevices

@Suite("Reopening", .timeLimit(.minutes(5)))
struct ReopenPlanTests {
    private let card = DeviceSpec.alsa("hw:CARD=PCH")
    private let unplugged = DeviceError(.unplugged, "gone")

    @Test("a device that has worked is tried at once, then ever more seldom, but so often that it is back in a second")
    func afterWorking() {
        var plan = ReopenPlan()
        plan.works()
        let waits = (0..<8).map { _ in plan.failed(unplugged, of: card) }
        let expected = [0, 100, 200, 400, 500, 500, 500, 500].map { ReopenPlan.Action.retry(after: .milliseconds($0)) }
        #expect(waits == expected)
        for _ in 0..<10_000 { #expect(plan.failed(unplugged, of: card) == .retry(after: .milliseconds(500))) }
    }

    @Test("one that comes back for a moment only is not tried at once again; one that stays is")
    func unsteady() {
        var plan = ReopenPlan()
        plan.works()
        for _ in 0..<3 { _ = plan.failed(unplugged, of: card) }
        plan.worked(for: .seconds(1))
        #expect(plan.failed(unplugged, of: card) == .retry(after: .milliseconds(400)))
        plan.worked(for: .seconds(60))
        #expect(plan.failed(unplugged, of: card) == .retry(after: .zero))
    }

    @Test(
        "before it ever worked, a device that is busy, or comes and goes, is tried five times within seconds",
        arguments: [
            DeviceError(.busy, "busy"), DeviceError(.unplugged, "gone"),
            DeviceError(.unknown(available: ["default", "alsa:hw:CARD=PCH"]), "no such card"),
            DeviceError(.other, "refused", errno: ECONNREFUSED), DeviceError(.stalled, "hangs"),
        ])
    func firstTries(error: DeviceError) {
        var plan = ReopenPlan()
        var waited = Duration.zero
        for _ in 1..<ReopenPlan.firstTries {
            guard case .retry(let wait) = plan.failed(error, of: card) else {
                Issue.record("given up")
                return
            }
            waited += wait
        }
        #expect(plan.failed(error, of: card) == .giveUp)
        #expect(waited == .seconds(3))
    }

    @Test(
        "what cannot mend itself is given up at once",
        arguments: [
            DeviceError(.unknown(available: ["default"]), "no such device"), DeviceError(.permission, "no"),
            DeviceError(.usage, "no"), DeviceError(.other, "no format"),
        ])
    func hopeless(error: DeviceError) {
        var plan = ReopenPlan()
        #expect(plan.failed(error, of: card) == .giveUp)
    }

    @Test("files and pipes are never opened again", arguments: [DeviceSpec.file("a.wav"), .pipe("p"), .standard])
    func files(device: DeviceSpec) {
        var plan = ReopenPlan()
        plan.works()
        #expect(plan.failed(DeviceError(.inputOutput, "no"), of: device) == .giveUp)
    }
}

@Suite("The life of a device", .timeLimit(.minutes(5)))
struct DeviceLifeTests {
    private let card = DeviceSpec.alsa("hw:CARD=PCH")
    private let other = DeviceSpec.alsa("hw:CARD=USB")
    private let gone = DeviceError(.unplugged, "lost it", remedy: "Plug it in")

    private func opened(_ name: String = "alsa:hw:CARD=PCH") -> OpenedDevice {
        OpenedDevice(
            name: name, rate: SampleRate(hertz: 48_000), channels: 1, format: .signed16, period: 480, buffer: 2_880)
    }

    /// A device that has worked since second 0.
    private func working() -> DeviceLife {
        var life = DeviceLife(on: card)
        _ = life.start()
        life.opened(opened())
        _ = life.works(now: .zero)
        return life
    }

    private func state(_ effects: [DeviceLife.Effect]) -> [DeviceReport.State] {
        effects.compactMap { if case .tell(.state(let state, _, _)) = $0 { state } else { nil } }
    }

    @Test("it is told open when sound flows, with what it is opened as")
    func opens() {
        var life = DeviceLife(on: card)
        #expect(life.start() == [.open(card, rate: nil)])
        life.opened(opened())
        #expect(
            life.works(now: .zero)
                == [.tell(.state(.open, device: "alsa:hw:CARD=PCH", reason: "48000 Hz, 1 channel, period 480"))])
    }

    @Test("unplugged, it is told lost once however often it fails, and reopened when sound flows again")
    func unplugged() {
        var life = working()
        #expect(
            life.failed(gone, now: .seconds(10))
                == [.tell(.state(.lost, device: "alsa:hw:CARD=PCH", reason: "lost it. Plug it in"))])
        for second in 10..<1_000 {
            #expect(life.timePassed(now: .seconds(second)) == [.open(card, rate: nil)])
            #expect(life.failed(gone, now: .seconds(second)) == [])
            #expect(life.timePassed(now: .seconds(second)) == [])
        }
        #expect(life.timePassed(now: .seconds(1_001)) == [.open(card, rate: nil)])
        life.opened(opened())
        #expect(state(life.works(now: .seconds(1_001))) == [.reopened])
    }

    @Test("one that opens and brings no sound is not told to be back")
    func opensOnly() {
        var life = working()
        _ = life.failed(gone, now: .seconds(10))
        _ = life.timePassed(now: .seconds(10))
        life.opened(opened())
        #expect(life.failed(DeviceError(.stalled, "nothing"), now: .seconds(12)) == [])
        #expect(life.deadline == .seconds(12) + .milliseconds(100))
    }

    @Test("devices that come or go hasten the next try")
    func hotplug() {
        var life = working()
        #expect(life.devicesChanged() == [])
        _ = life.failed(gone, now: .seconds(10))
        #expect(life.devicesChanged() == [.open(card, rate: nil)])
        #expect(life.devicesChanged() == [])
    }

    @Test("a burst of news does not use up the few tries of a device that has never worked")
    func hotplugAtTheBeginning() {
        var life = DeviceLife(on: card)
        _ = life.start()
        _ = life.failed(DeviceError(.busy, "busy"), now: .zero)
        for _ in 0..<10 { #expect(life.devicesChanged() == []) }
        #expect(life.timePassed(now: .milliseconds(200)) == [.open(card, rate: nil)])
    }

    @Test("busy at first, it is complained of once, and told open when it is free")
    func busy() {
        let busy = DeviceError(.busy, "busy")
        var life = DeviceLife(on: card)
        _ = life.start()
        #expect(life.failed(busy, now: .zero) == [.tell(.problem(busy))])
        #expect(life.timePassed(now: .milliseconds(200)) == [.open(card, rate: nil)])
        #expect(life.failed(busy, now: .milliseconds(200)) == [])
        #expect(life.timePassed(now: .milliseconds(600)) == [.open(card, rate: nil)])
        life.opened(opened())
        #expect(state(life.works(now: .seconds(1))) == [.open])
    }

    @Test("busy to the end of its tries, it ends the conversation with the reason")
    func busyForEver() {
        let busy = DeviceError(.busy, "busy")
        var life = DeviceLife(on: card)
        _ = life.start()
        var now = Duration.zero
        for _ in 1..<ReopenPlan.firstTries {
            _ = life.failed(busy, now: now)
            now = life.deadline ?? now
            #expect(life.timePassed(now: now) == [.open(card, rate: nil)])
        }
        #expect(life.failed(busy, now: now) == [.finish(.failure(busy))])
        #expect(life.isOver)
    }

    @Test("another device is opened when the one before has ended, and told changed")
    func changes() {
        var life = working()
        #expect(life.change(to: card) == [])
        #expect(life.change(to: other) == [.close])
        #expect(life.ended(.stopped) == [.open(other, rate: nil)])
        life.opened(opened("alsa:hw:CARD=USB"))
        let told = life.works(now: .seconds(1))
        #expect(state(told) == [.changed])
        // Lost, it is this one that is opened again.
        _ = life.failed(gone, now: .seconds(60))
        #expect(life.timePassed(now: .seconds(60)) == [.open(other, rate: nil)])
    }

    @Test("one that cannot be opened is told, and the one before is gone back to without a word of loss")
    func fallsBack() {
        let missing = DeviceError(.unknown(available: []), "no such device")
        var life = working()
        _ = life.change(to: other)
        _ = life.ended(.stopped)
        #expect(life.failed(missing, now: .seconds(2)) == [.tell(.problem(missing)), .open(card, rate: nil)])
        life.opened(opened())
        #expect(life.works(now: .seconds(3)) == [])
        _ = life.failed(gone, now: .seconds(60))
        #expect(life.timePassed(now: .seconds(60)) == [.open(card, rate: nil)])
    }

    @Test("two changes in a row: the last one wins, and what is gone back to is what worked")
    func changesTwice() {
        let third = DeviceSpec.alsa("hw:CARD=HDMI")
        var life = working()
        #expect(life.change(to: other) == [.close])
        #expect(life.change(to: third) == [])
        #expect(life.ended(.stopped) == [.open(third, rate: nil)])
        #expect(life.failed(gone, now: .seconds(2)) == [.tell(.problem(gone)), .open(card, rate: nil)])
    }

    @Test("one that is chosen while the other is lost and cannot be opened is told, and the lost one is waited for")
    func fallsBackWhileLost() {
        let missing = DeviceError(.unknown(available: []), "no such device")
        var life = working()
        _ = life.failed(gone, now: .seconds(10))
        _ = life.change(to: other)
        #expect(life.failed(missing, now: .seconds(11)) == [.tell(.problem(missing)), .open(card, rate: nil)])
        _ = life.failed(gone, now: .seconds(11))
        #expect(life.timePassed(now: .seconds(60)) == [.open(card, rate: nil)])
    }

    @Test("while a device is lost another one takes its place at once")
    func changesWhileLost() {
        var life = working()
        _ = life.failed(gone, now: .seconds(10))
        #expect(life.change(to: other) == [.open(other, rate: nil)])
        life.opened(opened("alsa:hw:CARD=USB"))
        #expect(state(life.works(now: .seconds(11))) == [.changed])
    }

    @Test("a device that lies about its rate is opened again at the rate measured, and told changed")
    func liar() {
        let lie = DeviceError.wrongRate("x", claimed: SampleRate(hertz: 48_000), measured: 44_130, direction: .input)
        var life = working()
        #expect(life.failed(lie, now: .seconds(15)) == [.open(card, rate: SampleRate(hertz: 44_100))])
        life.opened(opened())
        #expect(state(life.works(now: .seconds(15))) == [.changed])
    }

    @Test("a rate that no sound has ends it")
    func absurdRate() {
        let lie = DeviceError.wrongRate("x", claimed: SampleRate(hertz: 48_000), measured: 3, direction: .input)
        var life = working()
        #expect(life.failed(lie, now: .seconds(15)) == [.finish(.failure(lie))])
    }

    @Test("nothing but zeros is told once, and so is the sound that follows; muted zeros are no zeros")
    func zeros() {
        var life = working()
        var now = Duration.zero
        func look(_ life: inout DeviceLife, zeros seconds: Double, isAtRest: Bool = false) -> [DeviceReport.State] {
            now += .milliseconds(500)
            let periods = Int(now / .milliseconds(10))
            let activity = DeviceActivity(periods: periods, zeroSamples: Int(seconds * 16_000), isAtRest: isAtRest)
            return state(life.observed(activity, now: now))
        }
        #expect(look(&life, zeros: 9, isAtRest: true) == [])
        // What was counted before it was looked at is of another device, or of another time.
        #expect(look(&life, zeros: 9.5) == [])
        #expect(look(&life, zeros: 14) == [])
        #expect(look(&life, zeros: 14.5) == [.silent])
        #expect(look(&life, zeros: 60) == [])
        #expect(look(&life, zeros: 0) == [.open])
        #expect(look(&life, zeros: 0.4) == [])
    }

    @Test("its end by itself ends it; an end that nobody asked for any more does not")
    func ends() {
        var life = working()
        #expect(life.ended(.stopped) == [.open(card, rate: nil)])
        #expect(life.ended(.endOfInput) == [.finish(.success(.endOfInput))])
    }

    @Test("stopped, it ends what runs, or at once when nothing does")
    func stops() {
        var life = working()
        #expect(life.stop() == [.close])
        #expect(life.ended(.stopped) == [.finish(.success(.stopped))])
        life = working()
        _ = life.failed(gone, now: .seconds(1))
        #expect(life.stop() == [.finish(.success(.stopped))])
        #expect(life.stop() == [])
    }
}
