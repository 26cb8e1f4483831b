/// Which way sound goes through a device, seen from here.
package enum DeviceDirection: String, Sendable, Hashable { case input, output }

/// A device as a user names it.
package enum DeviceSpec: Sendable, Hashable, CustomStringConvertible {
    /// An ALSA device by ALSA's name; `default` is one.
    case alsa(String)
    /// A WAV file to read in real time, or to write as a sound card would play.
    case file(String)
    /// Raw s16le mono through a named pipe: 16,000 Hz in, 24,000 Hz out.
    case pipe(String)
    /// The same through stdin or stdout.
    case standard
    /// An endless sine, as an input.
    case tone(hertz: Double)
    /// Endless silence, as an input.
    case silence
    /// A sound card that nobody hears, or one with nothing connected.
    case null
    /// Not a device: the user asked for the list.
    case list

    /// Reads the name of a device.
    ///
    /// Bare words are ALSA names (`hw:1,0`, `pulse`), except those that look like a file.
    ///
    /// - Throws: `.usage` for a name without its argument, for a tone that no microphone could bring, and for a
    ///   source that is asked to play.
    package init(parsing name: String, for direction: DeviceDirection) throws(DeviceError) {
        let (kind, argument) = Self.split(name)
        switch kind {
        case "?": self = .list
        case "-": self = .standard
        case "null": self = .null
        case "file": self = .file(try Self.required(argument, of: name, like: "file:question.wav"))
        case "pipe": self = .pipe(try Self.required(argument, of: name, like: "pipe:/run/voice"))
        case "alsa": self = .alsa(try Self.required(argument, of: name, like: "alsa:hw:1,0"))
        case "tone", "silence":
            guard direction == .input else {
                throw DeviceError(
                    .usage, "\(name) is a source, nothing can be played to it", remedy: "Try null or file:answer.wav")
            }
            self = kind == "silence" ? .silence : .tone(hertz: try Self.frequency(argument, of: name))
        case "": throw DeviceError(.usage, "a device without a name", remedy: "Give ? to see what there is")
        default:
            guard !name.contains("/"), !name.lowercased().hasSuffix(".wav") else {
                throw DeviceError(.usage, "\(name) is no device", remedy: "For a file, give file:\(name)")
            }
            self = .alsa(name)
        }
    }

    /// The name to give to get this device.
    package var description: String {
        switch self {
        case .alsa("default"): "default"
        case .alsa(let name): "alsa:\(name)"
        case .file(let path): "file:\(path)"
        case .pipe(let path): "pipe:\(path)"
        case .standard: "-"
        case .tone(let hertz): "tone:\(hertz.rounded() == hertz ? "\(Int(hertz))" : "\(hertz)")"
        case .silence: "silence"
        case .null: "null"
        case .list: "?"
        }
    }

    /// The device has an end, and waits for the session to be live before it begins.
    package var hasEnd: Bool {
        switch self {
        case .file, .pipe, .standard: true
        case .alsa, .tone, .silence, .null, .list: false
        }
    }

    /// Its sound comes and goes whole, at the pace of whoever is at the other end.
    package var isPipe: Bool {
        switch self {
        case .pipe, .standard: true
        case .alsa, .file, .tone, .silence, .null, .list: false
        }
    }

    private static func split(_ name: String) -> (kind: String, argument: String?) {
        guard let colon = name.firstIndex(of: ":") else { return (name, nil) }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]))
    }

    private static func required(
        _ argument: String?, of name: String, like example: String
    ) throws(DeviceError) -> String {
        guard let argument, !argument.isEmpty else {
            throw DeviceError(.usage, "\(name) does not say which", remedy: "Write it like \(example)")
        }
        return argument
    }

    /// A pitch that 16 kHz can carry.
    private static func frequency(_ argument: String?, of name: String) throws(DeviceError) -> Double {
        guard let hertz = argument.flatMap(Double.init), hertz > 0, hertz < 8_000 else {
            throw DeviceError(
                .usage, "\(name) is no tone", remedy: "Give a frequency between 0 and 8000 Hz, like tone:440")
        }
        return hertz
    }
}
