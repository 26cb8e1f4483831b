/// A key as terminals with the kitty keyboard protocol write it when asked to tell of releases:
/// `CSI code[:alternates] [; modifiers[:event] [; text]] u`, and `CSI ? flags u` as the answer to whether they do
/// (sw.kovidgoyal.net/kitty/keyboard-protocol).
struct EnhancedKey: Equatable {
    private enum Event: Int { case pressed = 1, repeated, released }
    private static let reportsEvents = 2
    private static let control = 4

    /// What it means; nothing for keys that are no characters.
    let keys: [KeyDecoder.Key]

    /// - Parameter sequence: one whole escape sequence. Nil when it is another.
    init?(_ sequence: ArraySlice<UInt8>) {
        guard sequence.count > 3, sequence.last == UInt8(ascii: "u"), sequence.starts(with: [0x1B, UInt8(ascii: "[")])
        else { return nil }
        let body = String(decoding: sequence.dropFirst(2).dropLast(), as: UTF8.self)
        if body.hasPrefix("?") {
            let flags = Int(body.dropFirst()) ?? 0
            keys = flags & Self.reportsEvents != 0 ? [.reportsReleases] : []
            return
        }
        let fields = body.split(separator: ";", omittingEmptySubsequences: false).map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        }
        guard let code = fields.first?.first ?? nil, (0...0x10_FFFF).contains(code) else { return nil }
        let modifiers = (fields.dropFirst().first?.first ?? nil).map { max(0, $0 - 1) } ?? 0
        let number = fields.dropFirst().first?.dropFirst().first.flatMap { $0 }
        let event = number.flatMap { Event(rawValue: $0) } ?? .pressed
        let text =
            fields.dropFirst(2).first?.compactMap { $0 }.compactMap { Unicode.Scalar(UInt32(clamping: $0)) } ?? []
        keys = Self.keys(code, modifiers: modifiers, event, text: String(String.UnicodeScalarView(text)))
    }

    private static func keys(_ code: Int, modifiers: Int, _ event: Event, text: String) -> [KeyDecoder.Key] {
        if code < 0x80, modifiers & control != 0 {
            guard event != .released, let scalar = Unicode.Scalar(UInt32(code)) else { return [] }
            return [.control(Character(scalar))]
        }
        switch event {
        case .released: return character(code).map { [.released($0)] } ?? []
        case .repeated where code == 0x20: return [.repeated(" ")]
        case .pressed, .repeated:
            if !text.isEmpty { return text.map { .character($0) } }
            if code == 0x1B { return [.escape] }
            if code == 0x0D || code == 0x7F || code == 0x09 { return [KeyDecoder.key(ascii: UInt8(code))] }
            return character(code).map { [.character($0)] } ?? []
        }
    }

    /// Nil for keys that type nothing: their codes lie in a private area of Unicode.
    private static func character(_ code: Int) -> Character? {
        guard code >= 0x20, code != 0x7F, !(0xE000...0xF8FF).contains(code), let scalar = Unicode.Scalar(UInt32(code))
        else { return nil }
        return Character(scalar)
    }
}
