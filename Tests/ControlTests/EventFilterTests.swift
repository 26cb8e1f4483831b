import ControlProtocol
import Testing

@testable import ControlServer

@Suite(.timeLimit(.minutes(5)))
struct EventFilterTests {
    @Test("events are asked for by name or by their beginning; levels only by theirs")
    func takes() throws {
        let all = try EventFilter(nil)
        #expect(all.takes("turn.started") && !all.takes("audio.level") && !all.wantsLevels)
        let some = try EventFilter(["turn.*", "warning"])
        #expect(some.takes("turn.started") && some.takes("warning") && !some.takes("error"))
        let audio = try EventFilter(["audio.*"])
        #expect(audio.takes("audio.level") && audio.wantsLevels)
        #expect(try EventFilter(["audio.level"]).wantsLevels)
        #expect(try EventFilter([]).isEmpty)
    }

    @Test("a name that no event has is refused")
    func unknown() {
        #expect(throws: RPC.Failure.self) { _ = try EventFilter(["turn.begun"]) }
    }
}
