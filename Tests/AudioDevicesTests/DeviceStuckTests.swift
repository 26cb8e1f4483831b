import AudioCore
import AudioFrontEnd
import Testing

@testable import AudioDevices

@Suite("Devices whose thread does not come back", .timeLimit(.minutes(5)))
struct DeviceStuckTests {
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

    @Test("a thread that does not come back out of a call is noticed, told, and told back when it does")
    func stuck() {
        var life = working()
        var now = Duration.zero
        func look(_ life: inout DeviceLife, periods: Int) -> [DeviceReport.State] {
            now += .milliseconds(500)
            return state(life.observed(DeviceActivity(periods: periods), now: now))
        }
        #expect(look(&life, periods: 100) == [])
        var silentFor = 0
        while silentFor < 20, look(&life, periods: 100).isEmpty { silentFor += 1 }
        #expect((4...8).contains(silentFor))
        #expect(look(&life, periods: 100) == [])
        #expect(look(&life, periods: 101) == [.reopened])
    }

    @Test("one that blocks when it is opened is told, and so is that it came back; a slow one is not")
    func stuckOpening() {
        var life = DeviceLife(on: card)
        _ = life.start()
        var now = Duration.zero
        func look(_ life: inout DeviceLife) -> [DeviceLife.Effect] {
            now += .seconds(1)
            return life.observed(DeviceActivity(periods: 0), now: now)
        }
        // Two seconds to open it, two until it says itself that nothing comes.
        for _ in 0..<5 { #expect(look(&life) == []) }
        let told = (0..<3).flatMap { _ in look(&life) }
        #expect(told == [.tell(.problem(.stuck("alsa:hw:CARD=PCH", for: .milliseconds(5_500))))])
        life.opened(opened())
        #expect(state(life.works(now: now)) == [.open])
    }

    @Test("one that was lost and blocks when it is opened again is told as a trouble of its own")
    func stuckReopening() {
        var life = working()
        _ = life.failed(gone, now: .seconds(10))
        _ = life.timePassed(now: .seconds(10))
        let told = (11..<18).flatMap { life.observed(DeviceActivity(periods: 9), now: .seconds($0)) }
        #expect(told == [.tell(.problem(.stuck("alsa:hw:CARD=PCH", for: .milliseconds(5_500))))])
        #expect(state(life.works(now: .seconds(18))) == [.reopened])
    }

    @Test("one that does not sound because nobody wants it to is not stuck, opened or not")
    func atRestWhileOpening() {
        var life = DeviceLife(on: card)
        _ = life.start()
        for second in 1..<20 {
            #expect(life.observed(DeviceActivity(periods: 0, isAtRest: true), now: .seconds(second)) == [])
        }
        // From here on it should.
        #expect(life.observed(DeviceActivity(periods: 0), now: .seconds(20)) == [])
        #expect(life.observed(DeviceActivity(periods: 0), now: .seconds(25)) == [])
    }

    @Test("going over from a device that is stuck is told to wait for it, for each that is asked for, and is done then")
    func changesWhileStuck() {
        let third = DeviceSpec.alsa("hw:CARD=HDMI")
        var life = working()
        for second in 1..<7 { _ = life.observed(DeviceActivity(periods: 100), now: .seconds(second)) }
        #expect(
            life.change(to: other) == [.close, .tell(.problem(.stuck("alsa:hw:CARD=PCH", before: "alsa:hw:CARD=USB")))])
        #expect(life.change(to: third) == [.tell(.problem(.stuck("alsa:hw:CARD=PCH", before: "alsa:hw:CARD=HDMI")))])
        for second in 7..<30 { #expect(life.observed(DeviceActivity(periods: 100), now: .seconds(second)) == []) }
        #expect(life.ended(.stopped) == [.open(third, rate: nil)])
        life.opened(opened("alsa:hw:CARD=HDMI"))
        #expect(state(life.works(now: .seconds(30))) == [.changed])
    }

    @Test("one that is told to end and does not is told once, also where it was at rest")
    func stuckClosing() {
        var life = working()
        #expect(life.change(to: .null) == [.close])
        let told = (1..<30).flatMap {
            life.observed(DeviceActivity(periods: 100, isAtRest: true), now: .seconds($0))
        }
        #expect(told == [.tell(.problem(.stuck("alsa:hw:CARD=PCH", before: "null")))])
        #expect(life.ended(.stopped) == [.open(.null, rate: nil)])
        #expect(life.observed(DeviceActivity(periods: 100), now: .seconds(60)) == [])
    }

    @Test("one that is gone over to and blocks when it is opened is gone back from when that fails at last")
    func fallsBackFromStuck() {
        var life = working()
        _ = life.change(to: other)
        _ = life.ended(.stopped)
        let told = (1..<8).flatMap { life.observed(DeviceActivity(periods: 100), now: .seconds($0)) }
        #expect(state(told) == [.lost])
        let error = DeviceError(.stalled, "no sound")
        #expect(life.failed(error, now: .seconds(9)) == [.tell(.problem(error)), .open(card, rate: nil)])
        life.opened(opened())
        #expect(state(life.works(now: .seconds(10))) == [.reopened])
    }

    @Test("muted while it is stuck, it is not taken for one that came back")
    func mutedWhileStuck() {
        var life = working()
        for second in 1..<7 { _ = life.observed(DeviceActivity(periods: 100), now: .seconds(second)) }
        #expect(life.observed(DeviceActivity(periods: 100, isAtRest: true), now: .seconds(8)) == [])
        #expect(life.observed(DeviceActivity(periods: 100), now: .seconds(9)) == [])
        #expect(state(life.observed(DeviceActivity(periods: 101), now: .seconds(10))) == [.reopened])
    }
}
