import ArgumentParser
import Assistant
import LiveProtocol
import Testing

@testable import vivavoce

@Suite("Flags", .timeLimit(.minutes(5)))
struct SettingFlagsTests {
    @Test("every setting is a flag of talk, under its key", arguments: SettingKey.all)
    func everySetting(key: SettingKey) throws {
        let talk = try Talk.parse(["--\(key.flag)", "x"])
        #expect(talk.flags.settings.values == [key.path: "x"])
        #expect(Talk.helpMessage(columns: 200).contains("--\(key.flag) <\(key.placeholder)>"))
    }

    @Test("a single dash is a value, and a missing value is noticed")
    func dash() throws {
        let talk = try Talk.parse(["--input", "-", "--output", "-", "--json"])
        #expect(talk.flags.settings.values == ["audio.input": "-", "audio.output": "-"])
        #expect(talk.flags.json)
        #expect(throws: (any Error).self) { try Talk.parse(["--voice", "--json"]) }
    }

    @Test("rehearsing replaces the service and what belongs to it")
    func rehearse() throws {
        var settings = Settings()
        settings.service.proxy = "http://p:1"
        settings.service.caFile = "/ca.pem"
        settings.service.model = "m"
        settings.rehearse(at: try #require(ServiceAddress("ws://127.0.0.1:4711")))
        let endpoint = try settings.endpoint(credential: nil)
        #expect(endpoint.port == 4711)
        #expect(endpoint.proxy == nil)
        #expect(endpoint.caFile == nil)
        #expect(endpoint.headers.isEmpty)
        #expect(settings.service.model == "m")
    }

    @Test(
        "only a ready line with an address counts",
        arguments: [
            (#"{"ready":true,"url":"ws://127.0.0.1:9"}"# + "\nmore", "ws://127.0.0.1:9"),
            (#"{"url":"ws://127.0.0.1:9","ready":true,"pid":3}"# + "\n", "ws://127.0.0.1:9"),
            (#"{"ready":false,"url":"ws://127.0.0.1:9"}"# + "\n", nil), ("ready\n", nil), ("", nil),
            (#"{"ready":true,"url":"nonsense"}"# + "\n", nil),
        ] as [(String, String?)])
    func readyLine(output: String, address: String?) {
        #expect(ReadyLine.address(in: Array(output.utf8))?.description == address)
    }
}
