/// What a device, or the sound server in front of it, does to the sound already, as far as it can be known: a name and
/// a server's word. Hardware that cancels echoes by itself cannot be told from hardware that does not.
package struct DeviceTraits: Equatable, Sendable {
    package var cancelsEcho = false
    package var suppressesNoise = false

    package init(cancelsEcho: Bool = false, suppressesNoise: Bool = false) {
        self.cancelsEcho = cancelsEcho
        self.suppressesNoise = suppressesNoise
    }

    /// Of an input, by the name that it was opened with.
    package init(named name: String) {
        let cancels = Self.namesCanceller(name)
        // PulseAudio's and PipeWire's echo cancellers are WebRTC's, with its noise suppression on.
        self.init(cancelsEcho: cancels, suppressesNoise: cancels || Self.names(name, ["denoise", "rnnoise"]))
    }

    /// Of an input that a sound server serves.
    package init(of place: ServedPlace) {
        self.init(named: place.name)
        if place.cancelsEcho { self = DeviceTraits(cancelsEcho: true, suppressesNoise: true) }
    }

    static func namesCanceller(_ name: String) -> Bool {
        names(name, ["echocancel", "echo-cancel", "echo_cancel", "echo-cancelled", "aec"])
    }

    private static func names(_ name: String, _ words: [String]) -> Bool {
        let name = name.lowercased()
        return words.contains { name.contains($0) }
    }
}
