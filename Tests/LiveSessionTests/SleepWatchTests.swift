import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SleepWatchTests {
    @Test("the first reading is no sleep, a difference of moments is none, and a sleep is told once")
    func observes() {
        var watch = SleepWatch()
        #expect(watch.observe(asleep: .seconds(5000)) == nil)
        #expect(watch.observe(asleep: .seconds(5001)) == nil)
        #expect(watch.observe(asleep: .seconds(5061)) == .seconds(60))
        #expect(watch.observe(asleep: .seconds(5061)) == nil)
    }
}
