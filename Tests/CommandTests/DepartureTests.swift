import Assistant
import Testing

@testable import vivavoce

@Suite("When the process ends")
struct DepartureTests {
    private let start = ContinuousClock.now
    private var departure = Departure(patience: .seconds(3))

    private func after(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test("it ends its patience after it was asked to, however often it is asked, and with the last exit code")
    mutating func patience() {
        #expect(departure.due == nil && departure.exit == nil)
        departure.ask(for: .interrupted, now: after(10))
        departure.ask(for: .success, now: after(11))
        #expect(departure.due == after(13) && departure.exit == .success)
        departure.conversationEnded(with: .unavailable, now: after(12))
        #expect(departure.due == after(13) && departure.exit == .unavailable)
    }

    @Test("who asks twice waits for nothing, and gets that exit code")
    mutating func hurry() {
        departure.ask(for: .success, now: after(10))
        departure.hurry(with: .interrupted, now: after(11))
        departure.ask(for: .success, now: after(11))
        #expect(departure.due == after(11) && departure.exit == .interrupted)
    }

    @Test("a record that is being brought up to date is waited for, whichever comes first", arguments: [false, true])
    mutating func upgrade(isAskedFirst: Bool) {
        if isAskedFirst { departure.ask(for: .success, now: after(1)) }
        departure.recordChanged(isUpgrading: true, now: after(2))
        if !isAskedFirst { departure.ask(for: .success, now: after(3)) }
        #expect(departure.due == nil && departure.exit == .success)
        departure.recordChanged(isUpgrading: true, now: after(60))
        #expect(departure.due == nil)
        departure.recordChanged(isUpgrading: false, now: after(90))
        departure.recordChanged(isUpgrading: false, now: after(91))
        #expect(departure.due == after(93))
    }

    @Test("who asks twice does not wait for the record either")
    mutating func hurryDuringUpgrade() {
        departure.recordChanged(isUpgrading: true, now: after(2))
        departure.ask(for: .success, now: after(3))
        departure.hurry(with: .interrupted, now: after(4))
        #expect(departure.due == after(4))
        departure.recordChanged(isUpgrading: false, now: after(5))
        #expect(departure.due == after(4))
    }

    @Test("the conversation's end is the upgrade's, too, though it was told of late")
    mutating func end() {
        departure.recordChanged(isUpgrading: true, now: after(2))
        departure.conversationEnded(with: .success, now: after(50))
        #expect(departure.due == after(53))
        departure.recordChanged(isUpgrading: true, now: after(51))
        #expect(departure.due == after(53))
    }

    @Test("an upgrade that nobody waits for ends nothing")
    mutating func undisturbed() {
        departure.recordChanged(isUpgrading: true, now: after(2))
        departure.recordChanged(isUpgrading: false, now: after(4))
        #expect(departure.due == nil && departure.exit == nil)
        departure.ask(for: .success, now: after(600))
        #expect(departure.due == after(603))
    }
}
