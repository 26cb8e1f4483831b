import AudioCore
package import AudioFrontEnd
import CALSA
import Glibc

/// One device that can be chosen, with the name to give for it.
package struct DeviceListing: Equatable, Sendable {
    package struct Abilities: Equatable, Sendable {
        package var hertz: ClosedRange<Int>
        package var channels: ClosedRange<Int>
        package var formats: [SampleFormat]
    }

    /// What to give as `--input` or `--output`.
    package var name: String
    /// In the system's words; may have several lines.
    package var description: String
    /// What the device supports; nil when it could not be asked.
    package var abilities: Abilities?
    /// Why not, such as `busy`.
    package var problem: String?

    /// Everything that can be chosen: the system's devices first, then the kinds that need none.
    ///
    /// Asks each of the system's devices, which may take a moment; not for an actor's thread in a hurry.
    package static func all(for direction: DeviceDirection) -> [DeviceListing] {
        hints(for: direction).map { hint in
            var listing = DeviceListing(name: spoken(hint.name), description: hint.description)
            do throws(DeviceError) {
                listing.abilities = try ask(hint.name, direction)
            } catch {
                listing.problem = error.message
            }
            return listing
        } + others(for: direction)
    }

    /// The names alone, without asking the devices.
    package static func names(for direction: DeviceDirection) -> [String] {
        hints(for: direction).map { spoken($0.name) } + others(for: direction).map(\.name)
    }

    private static func others(for direction: DeviceDirection) -> [DeviceListing] {
        let pipe = "raw signed 16-bit little-endian mono at \(direction == .input ? "16" : "24"),000 Hz"
        let own: [(String, String)] =
            direction == .input
            ? [
                ("file:PATH.wav", "a WAV file, in real time"), ("pipe:PATH", "a named pipe: \(pipe)"),
                ("-", "stdin: \(pipe)"), ("tone:HZ", "a sine"), ("silence", "silence"), ("null", "silence"),
            ]
            : [
                ("file:PATH.wav", "a WAV file at 24,000 Hz, as a sound card would play"),
                ("pipe:PATH", "a named pipe: \(pipe)"), ("-", "stdout: \(pipe)"),
                ("null", "a sound card that nobody hears"),
            ]
        return own.map { DeviceListing(name: $0.0, description: $0.1) }
    }

    private static func spoken(_ name: String) -> String { DeviceSpec.alsa(name).description }

    /// ALSA's hints that name a device: not its converters, nor a card under its twenty aliases.
    private static func hints(for direction: DeviceDirection) -> [(name: String, description: String)] {
        vv_alsa_quiet()
        var list: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
        guard snd_device_name_hint(-1, "pcm", &list) >= 0, let list else { return [] }
        defer { snd_device_name_free_hint(list) }
        var found: [(name: String, description: String)] = []
        var index = 0
        while let hint = list[index] {
            index += 1
            guard let name = text(hint, "NAME"), isDevice(name) else { continue }
            // No word on the direction means both.
            let way = text(hint, "IOID")
            guard way == nil || way == (direction == .input ? "Input" : "Output") else { continue }
            let description = text(hint, "DESC") ?? ""
            found.append((name, description))
        }
        return found.filter { $0.name == "default" } + found.filter { $0.name != "default" }
    }

    private static func isDevice(_ name: String) -> Bool {
        ["default", "pulse", "pipewire"].contains(name)
            || ["hw:CARD=", "plughw:CARD="].contains { name.hasPrefix($0) }
    }

    private static func text(_ hint: UnsafeMutableRawPointer, _ key: String) -> String? {
        guard let value = snd_device_name_get_hint(hint, key) else { return nil }
        defer { free(value) }
        return String(cString: value)
    }

    private static func ask(_ name: String, _ direction: DeviceDirection) throws(DeviceError) -> Abilities {
        let stream = direction == .input ? SND_PCM_STREAM_CAPTURE : SND_PCM_STREAM_PLAYBACK
        var opened: OpaquePointer?
        let code = snd_pcm_open(&opened, name, stream, Int32(SND_PCM_NONBLOCK))
        guard code >= 0, let opened else { throw .alsa(Int(code), "cannot open", name) }
        defer { snd_pcm_close(opened) }
        return try ALSAHardwareSpace(of: opened, name: name).abilities()
    }
}
