import LiveProtocol
import Testing

@testable import ControlProtocol

/// Lines of the control socket, well formed and not, as JSON-RPC 2.0 wants them answered.
@Suite(.timeLimit(.minutes(5)))
struct RPCTests {
    private func call(_ line: String) -> RPC.Call { RPC.call(line.utf8) }

    private func code(_ line: String) -> (id: RPC.ID, code: Int)? {
        guard case .one(.malformed(let reply)) = call(line), case .failure(let failure) = reply.outcome else {
            return nil
        }
        return (reply.id, failure.code)
    }

    @Test("a call has a method, parameters by name and, if it wants an answer, an id")
    func requests() {
        #expect(
            call(#"{"jsonrpc":"2.0","id":7,"method":"say","params":{"text":"hi"}}"#)
                == .one(.request(RPC.Request(id: .number(7), method: "say", params: ["text": "hi"]))))
        #expect(
            call(#"{"method":"mute","jsonrpc":"2.0","id":"a"}"#)
                == .one(.request(RPC.Request(id: .string("a"), method: "mute"))))
        #expect(call(#"{"jsonrpc":"2.0","method":"mute"}"#) == .one(.request(RPC.Request(id: nil, method: "mute"))))
    }

    @Test(
        "what is no call gets the standard's error, with the id where there is one",
        arguments: [
            ("{", nil, -32700), ("", nil, -32700), ("\u{1}", nil, -32700), ("nonsense", nil, -32700),
            (#"{"jsonrpc":"2.0","id":1,"method":"mute"}x"#, nil, -32700),
            ("1", nil, -32600), ("null", nil, -32600), ("[]", nil, -32600), (#""mute""#, nil, -32600),
            (#"{"id":3,"method":"mute"}"#, 3, -32600), (#"{"jsonrpc":"1.0","id":3,"method":"mute"}"#, 3, -32600),
            (#"{"jsonrpc":"2.0","id":4}"#, 4, -32600), (#"{"jsonrpc":"2.0","id":4,"method":5}"#, 4, -32600),
            (#"{"jsonrpc":"2.0","id":{},"method":"mute"}"#, nil, -32600),
            (#"{"jsonrpc":"2.0","id":5,"method":"say","params":["hi"]}"#, 5, -32602),
            (#"{"jsonrpc":"2.0","id":5,"method":"say","params":"hi"}"#, 5, -32602),
        ])
    func malformed(line: String, id: Int64?, code: Int) throws {
        let refused = try #require(self.code(line))
        #expect(refused.id == id.map(RPC.ID.number) ?? .none)
        #expect(refused.code == code)
    }

    @Test("brackets by the ten thousand are refused, not followed")
    func nested() {
        #expect(code(String(repeating: "[", count: 100_000))?.code == -32700)
        #expect(code(String(repeating: #"{"a":"#, count: 50_000))?.code == -32700)
    }

    @Test("a batch is answered entry by entry")
    func batch() {
        guard case .batch(let entries) = call(#"[{"jsonrpc":"2.0","id":1,"method":"status"},5]"#) else {
            Issue.record("not a batch")
            return
        }
        #expect(entries.first == .request(RPC.Request(id: .number(1), method: "status")))
        guard case .malformed(let reply)? = entries.last else {
            Issue.record("5 is taken for a call")
            return
        }
        #expect(reply.id == .none)
    }

    @Test("what is written can be read, and is one line")
    func roundTrip() throws {
        let request = RPC.Request(id: .number(1), method: "say", params: ["text": "a\n\u{2028}\"é\u{0}"])
        let line = request.json.line
        #expect(line.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        #expect(RPC.call(line.dropLast()) == .one(.request(request)))
        let failure = RPC.Reply(id: .string("x"), .failure(RPC.Failure(-32000, "m", remedy: "r")))
        #expect(RPC.reply(Array(failure.json.line.dropLast())) == failure)
        let success = RPC.Reply(id: .number(2), .success(["a": [1, true, "b"]]))
        #expect(RPC.reply(Array(success.json.line.dropLast())) == success)
    }

    @Test("lines come whole, in whatever pieces they were sent", arguments: 1...7)
    func pieces(size: Int) {
        let bytes = Array("one\r\n\ntwo\nthree".utf8)
        var splitter = LineSplitter(longest: 100)
        var items: [LineSplitter.Item] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            items += splitter.take(bytes[start..<min(bytes.count, start + size)])
        }
        #expect(items == [.line(Array("one".utf8)), .line(Array("two".utf8))])
        #expect(splitter.take(Array("\n".utf8)) == [.line(Array("three".utf8))])
    }

    @Test("a line that is too long is told of once and passed over; the next one is read", arguments: [1, 3, 64])
    func tooLong(size: Int) {
        let bytes = Array((String(repeating: "x", count: 25) + "\nshort\n").utf8)
        var splitter = LineSplitter(longest: 10)
        var items: [LineSplitter.Item] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            items += splitter.take(bytes[start..<min(bytes.count, start + size)])
        }
        #expect(items == [.tooLong, .line(Array("short".utf8))])
    }
}
