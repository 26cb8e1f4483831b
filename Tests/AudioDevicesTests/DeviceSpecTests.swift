import AudioDevices
import Testing

@Suite("Device names", .timeLimit(.minutes(5)))
struct DeviceSpecTests {
    @Test(
        "a name is read, and said again as it is to be given",
        arguments: [
            ("default", .alsa("default"), "default"), ("alsa:hw:1,0", .alsa("hw:1,0"), "alsa:hw:1,0"),
            ("hw:1,0", .alsa("hw:1,0"), "alsa:hw:1,0"), ("pulse", .alsa("pulse"), "alsa:pulse"),
            ("file:a b:c.wav", .file("a b:c.wav"), "file:a b:c.wav"), ("pipe:/run/x", .pipe("/run/x"), "pipe:/run/x"),
            ("-", .standard, "-"), ("tone:440", .tone(hertz: 440), "tone:440"),
            ("tone:0.5", .tone(hertz: 0.5), "tone:0.5"), ("silence", .silence, "silence"), ("null", .null, "null"),
            ("?", .list, "?"),
        ] as [(String, DeviceSpec, String)])
    func names(name: String, spec: DeviceSpec, again: String) throws {
        #expect(try DeviceSpec(parsing: name, for: .input) == spec)
        #expect(spec.description == again)
        #expect(try DeviceSpec(parsing: again, for: .input) == spec)
    }

    @Test(
        "what makes no sense is refused, with what to give instead",
        arguments: [
            "", "file:", "file", "pipe:", "alsa:", "tone:", "tone:x", "tone:0", "tone:-3", "tone:8000", "tone:nan",
            "tone:inf", "a.wav", "/tmp/a", "./x", "A.WAV",
        ])
    func refused(name: String) {
        let error = #expect(throws: DeviceError.self) { try DeviceSpec(parsing: name, for: .input) }
        #expect(error?.code == .usage)
        #expect(error?.remedy != nil)
    }

    @Test("nothing can be played to a tone or to silence", arguments: ["tone:440", "silence"])
    func sources(name: String) {
        #expect(throws: DeviceError.self) { try DeviceSpec(parsing: name, for: .output) }
    }
}
