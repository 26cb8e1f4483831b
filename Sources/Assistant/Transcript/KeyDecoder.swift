/// Turns what a terminal sends into keys: UTF-8 in pieces, escape sequences, the escape key alone.
package struct KeyDecoder: Sendable, Equatable {
    package enum Key: Sendable, Equatable {
        case character(Character)
        case enter
        case backspace
        case escape
        /// Ctrl and a letter, such as `u`.
        case control(Character)
        /// It is held down. Only from a terminal that was asked to tell; from others each repeat is the key again.
        case repeated(Character)
        /// It was let go; likewise.
        case released(Character)
        /// The terminal tells of both from here on.
        case reportsReleases
    }

    /// Bytes of a character whose end has not come yet.
    private var incomplete: [UInt8] = []

    package init() {}

    /// - Parameter bytes: what one read gave. Terminals write an escape sequence in one piece, so an escape at the end
    ///   of a read is the key itself.
    /// - Returns: the keys in it; arrows and function keys are left out.
    package mutating func decode(_ bytes: [UInt8]) -> [Key] {
        let bytes = incomplete + bytes
        incomplete = []
        var keys: [Key] = []
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x1B {
                let length = Self.sequenceLength(bytes[index...])
                if length == 1 { keys.append(.escape) }
                keys += EnhancedKey(bytes[index..<index + length])?.keys ?? []
                index += length
            } else if byte < 0x80 {
                keys.append(Self.key(ascii: byte))
                index += 1
            } else {
                let length = Self.characterLength(firstByte: byte)
                guard index + length <= bytes.count else {
                    incomplete = Array(bytes[index...])
                    break
                }
                let character = String(validating: bytes[index..<index + length], as: UTF8.self)
                if let character { keys += character.map { .character($0) } }
                index += character == nil ? 1 : length
            }
        }
        return keys
    }

    static func key(ascii byte: UInt8) -> Key {
        switch byte {
        case 0x0D, 0x0A: .enter
        case 0x7F, 0x08: .backspace
        case 0x09: .character(" ")
        case 0..<0x20: .control(Character(Unicode.Scalar(byte + 0x60)))
        default: .character(Character(Unicode.Scalar(byte)))
        }
    }

    /// Bytes of the escape sequence that begins here: 1 for the key alone, 2 for Alt and a character, more for
    /// `ESC [ parameters final` and `ESC O final` (ECMA-48, section 5.4).
    private static func sequenceLength(_ bytes: ArraySlice<UInt8>) -> Int {
        guard let second = bytes.dropFirst().first, second != 0x1B else { return 1 }
        if second == UInt8(ascii: "O") { return min(3, bytes.count) }
        guard second == UInt8(ascii: "[") else { return 2 }
        let final = bytes.dropFirst(2).firstIndex { (0x40...0x7E).contains($0) }
        return final.map { $0 - bytes.startIndex + 1 } ?? bytes.count
    }

    private static func characterLength(firstByte: UInt8) -> Int {
        switch firstByte {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }
}
