import LiveProtocol
import Testing

@Suite("JSON values", .timeLimit(.minutes(5)))
struct JSONValueTests {
    private static let readings: [(text: String, value: JSONValue)] = [
        ("null", nil), (" true ", true), ("false", false), ("0", 0), ("-7", -7),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("0.5", 0.5), ("1e3", .number(1000)),
        ("-1.25E-2", -0.0125), (#""""#, ""), (#""a\u0000b""#, "a\0b"), ("[]", []), ("{}", [:]),
        (#"[1,[2],{"a":[]}]"#, [1, [2], ["a": []]]), (#"{"b":1,"a":2,"b":3}"#, ["b": 1, "a": 2, "b": 3]),
    ]

    @Test("text becomes the value it stands for", arguments: readings)
    func parsing(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test("numbers too large for a double are infinite, and come back as a string that protocol buffers know")
    func hugeNumbers() throws {
        let value = try JSONValue(parsing: "[1e999,-1e999]")
        #expect(value == [.number(.infinity), .number(-.infinity)])
        #expect(String(decoding: value.serialized(), as: UTF8.self) == #"["Infinity","-Infinity"]"#)
        #expect(String(decoding: JSONValue.number(.nan).serialized(), as: UTF8.self) == #""NaN""#)
    }

    @Test(
        "text that is not JSON is refused",
        arguments: [
            "", "nul", "truth", "+1", ".5", "1.", "1e", "-", "'a'", "\"a", "\"\\", "[", "[1", "[1,", "[1,]", "{",
            "{1:2}",
            "{\"a\":}", "{\"a\":1,}", "[1]]", "1 2", "NaN", "Infinity", "\u{FEFF}",
        ])
    func refusing(text: String) {
        #expect(throws: DecodingFailure.self) { try JSONValue(parsing: text) }
    }

    @Test("a value written and read again is the same")
    func roundTrip() throws {
        let value: JSONValue = [
            "text": "quote \" backslash \\ controls \u{1}\u{1F}\u{7F}\n\r\t é 😀",
            "numbers": [0, -1, 0.1, 1e300, .number(.leastNonzeroMagnitude)],
            "flags": [true, false, nil], "empty": [[:], [], ""],
        ]
        #expect(try JSONValue(parsing: value.serialized().span) == value)
    }

    @Test("merging replaces scalars, merges objects and keeps the order of members")
    func merging() {
        let value: JSONValue = ["a": 1, "b": ["c": 1, "d": 2], "e": [1]]
        let merged = value.merging(["b": ["d": 3, "x": 4], "e": [2], "f": nil])
        #expect(merged == ["a": 1, "b": ["c": 1, "d": 3, "x": 4], "e": [2], "f": nil])
    }

    @Test("whole numbers are read from either spelling, and nothing else is one")
    func integers() {
        #expect(JSONValue.string("17").asInteger == 17)
        #expect(JSONValue.number(3).asInteger == 3)
        #expect(JSONValue.number(3.5).asInteger == nil)
        #expect(JSONValue.number(1e300).asInteger == nil)
        #expect(JSONValue.string("1e3").asInteger == nil)
        #expect(JSONValue.bool(true).asInteger == nil)
    }

    @Test("a value deeper than anything that can be read is cut off, not a crash")
    func deepValue() {
        var value: JSONValue = 1
        for _ in 0..<2000 { value = [value] }
        #expect(String(decoding: value.serialized(), as: UTF8.self).contains("null"))
    }
}
