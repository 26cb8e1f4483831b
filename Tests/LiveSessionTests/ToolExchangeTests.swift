import LiveProtocol
import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ToolExchangeTests {
    private func call(_ id: String) -> ToolCall { ToolCall(id: id, name: "f", arguments: .null) }
    private func result(_ id: String) -> ToolResult { ToolResult(id: id, name: "f", response: .null) }

    @Test("a call that is repeated is executed once (pitfall 24)")
    func onlyOnce() {
        var tools = ToolExchange()
        #expect(tools.called([call("a")], now: .zero).new == [call("a")])
        #expect(tools.called([call("a"), call("b")], now: .seconds(1)).new == [call("b")])
        #expect(tools.openCount == 2)
    }

    @Test("a session that forgot a call and makes it again gets the result that there is (pitfalls 17 and 24)")
    func calledAgain() {
        var tools = ToolExchange()
        _ = tools.called([call("a")], now: .seconds(5))
        _ = tools.answered([result("a")])
        tools.sent(now: .seconds(6))
        #expect(tools.resumed(knownUntil: .seconds(2)) == [])
        let calling = tools.called([call("a")], now: .seconds(8))
        #expect(calling.new == [])
        #expect(calling.results == [result("a")])
    }

    @Test("a call cancelled while no line is live has no result sent when one is (pitfall 26)")
    func cancelledInTheGap() {
        var tools = ToolExchange()
        _ = tools.called([call("a"), call("b")], now: .zero)
        _ = tools.answered([result("a"), result("b")])
        tools.cancelled(["a"])
        #expect(tools.resumed(knownUntil: .seconds(1)) == [result("b")])
    }

    @Test("a result goes to the call of its id and name (pitfall 26)")
    func idAndName() {
        var tools = ToolExchange()
        _ = tools.called([ToolCall(id: nil, name: "door", arguments: [:]), call("a")], now: .zero)
        #expect(tools.answered([ToolResult(id: "a", name: "lamp", response: .null)]) == [])
        let unnamed = ToolResult(id: nil, name: "door", response: .null)
        #expect(tools.answered([unnamed]) == [unnamed])
    }

    @Test("a cancelled or unknown call gets no result, and none gets two (pitfall 26)")
    func wanted() {
        var tools = ToolExchange()
        _ = tools.called([call("a"), call("b")], now: .zero)
        tools.cancelled(["a", "unknown"])
        #expect(tools.answered([result("a"), result("b"), result("c")]) == [result("b")])
        #expect(tools.answered([result("b")]) == [])
    }

    @Test("a result that came while there was no line is sent first on the next one (pitfalls 3 and 7)")
    func waits() {
        var tools = ToolExchange()
        _ = tools.called([call("a")], now: .seconds(1))
        _ = tools.answered([result("a")])
        #expect(tools.resumed(knownUntil: .seconds(2)) == [result("a")])
    }

    @Test("a result whose call or whose receipt the handle does not fit is not sent again (pitfall 26)")
    func knownOnly() {
        var tools = ToolExchange()
        _ = tools.called([call("known")], now: .seconds(1))
        _ = tools.called([call("younger")], now: .seconds(3))
        _ = tools.answered([result("known"), result("younger")])
        tools.sent(now: .seconds(4))
        var resumed = tools
        #expect(resumed.resumed(knownUntil: .seconds(2)) == [result("known")])
        var remembered = tools
        #expect(remembered.resumed(knownUntil: .seconds(10)) == [])
        var fresh = tools
        #expect(fresh.resumed(knownUntil: nil) == [])
        #expect(fresh.openCount == 0)
    }

    @Test("a result is as old as it was when it was sent, whatever is sent after it")
    func keepsItsAge() {
        var tools = ToolExchange()
        _ = tools.called([call("a"), call("b")], now: .seconds(1))
        _ = tools.answered([result("a")])
        tools.sent(now: .seconds(2))
        _ = tools.answered([result("b")])
        tools.sent(now: .seconds(9))
        #expect(tools.resumed(knownUntil: .seconds(9)) == [result("b")])
    }

    @Test("what the model has taken is sent again until a handle remembers it")
    func takenNotRemembered() {
        var tools = ToolExchange()
        _ = tools.called([call("a")], now: .seconds(1))
        _ = tools.answered([result("a")])
        tools.sent(now: .seconds(3))
        tools.modelWentOn()
        var broken = tools
        #expect(broken.resumed(knownUntil: .seconds(2)) == [result("a")])
        tools.handleGiven()
        #expect(tools.resumed(knownUntil: .seconds(2)) == [])
    }

    @Test("calls that are never answered do not grow without bound")
    func bounded() {
        var tools = ToolExchange()
        for number in 0..<1000 { _ = tools.called([call("\(number)")], now: .zero) }
        #expect(tools.openCount == ToolExchange.most)
    }
}
