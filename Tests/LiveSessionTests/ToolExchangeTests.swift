import LiveProtocol
import LiveSession
import Testing

@Suite("Calls and their results", .timeLimit(.minutes(1)))
struct ToolExchangeTests {
    private func call(_ id: String?, _ name: String) -> ToolCall { ToolCall(id: id, name: name, arguments: [:]) }
    private func result(_ id: String?, _ name: String) -> ToolResult { ToolResult(id: id, name: name, response: [:]) }

    @Test("a result goes out once, to a call that was made and not cancelled, under its id and name (pitfall 26)")
    func onlyWanted() {
        var tools = ToolExchange()
        _ = tools.called([call("1", "lamp"), call("2", "clock"), call(nil, "door")], now: .zero)
        #expect(tools.openCount == 3)
        tools.cancelled(["1", "7"])
        #expect(tools.openCount == 2)
        #expect(tools.answered([result("1", "lamp"), result("2", "lamp"), result("3", "clock")]).isEmpty)
        let wanted = [result("2", "clock"), result(nil, "door")]
        #expect(tools.answered(wanted) == wanted)
        tools.sent()
        #expect(tools.openCount == 0)
        #expect(tools.answered(wanted).isEmpty)
    }

    @Test("a call cancelled while no line is live has no result sent when one is (pitfall 26)")
    func cancelledInTheGap() {
        var tools = ToolExchange()
        _ = tools.called([call("1", "lamp"), call("2", "clock")], now: .zero)
        _ = tools.answered([result("1", "lamp"), result("2", "clock")])
        tools.cancelled(["1"])
        #expect(tools.resumed(knownUntil: .seconds(1)) == [result("2", "clock")])
    }
}
