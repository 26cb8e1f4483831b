import Testing

@testable import AudioDevices

@Suite("Names of sound cards", .timeLimit(.minutes(5)))
struct SoundCardTests {
    @Test(
        "a card's number becomes its id, whatever else the name says",
        arguments: [
            ("hw:1,0", "hw:CARD=USB,DEV=0"), ("plughw:1", "plughw:CARD=USB"),
            ("hw:1,0,2", "hw:CARD=USB,DEV=0,SUBDEV=2"), ("sysdefault:1", "sysdefault:CARD=USB"),
        ])
    func numbers(name: String, stable: String) {
        #expect(SoundCards.stableName(of: name, idOf: { $0 == 1 ? "USB" : nil }) == stable)
    }

    @Test(
        "other names stay",
        arguments: ["default", "hw:CARD=USB", "hw:USB,0", "hw:2,0", "hw:", "hw:1,x", "hw:1,2,3,4", "pulse:1", "a:1"])
    func others(name: String) {
        #expect(SoundCards.stableName(of: name, idOf: { $0 == 1 ? "USB" : nil }) == nil)
    }

    @Test("the mixer of a device is that of its card")
    func mixers() {
        #expect(Mixer.card(of: "plughw:CARD=PCH,DEV=0") == "hw:CARD=PCH")
        #expect(Mixer.card(of: "hw:1,0") == "hw:1")
        #expect(Mixer.card(of: "default") == "default")
    }

    @Test("half the volume is 6 dB less, and none is the least there is")
    func decibels() {
        #expect(Mixer.decibels(1, in: -6_000...0) == 0)
        #expect(Mixer.decibels(0.5, in: -6_000...0) == -602)
        #expect(Mixer.decibels(0.5, in: -6_000...1_200) == 598)
        #expect(Mixer.decibels(0, in: -6_000...0) == -6_000)
        #expect(Mixer.decibels(0.0001, in: -6_000...0) == -6_000)
    }
}

@Suite("Traits of inputs", .timeLimit(.minutes(5)))
struct DeviceTraitsTests {
    @Test(
        "an echo canceller is known by its name, or by the server's word",
        arguments: [
            ("alsa:echocancel", true), ("alsa_input.pci.analog-stereo.echo-cancel", true), ("default", false),
            ("alsa:hw:CARD=PCH", false),
        ])
    func names(name: String, cancels: Bool) {
        #expect(DeviceTraits(named: name).cancelsEcho == cancels)
        let place = ServedPlace(name: name, description: "", cancelsEcho: true, isMonitor: false)
        #expect(DeviceTraits(of: place) == DeviceTraits(cancelsEcho: true, suppressesNoise: true))
    }
}
