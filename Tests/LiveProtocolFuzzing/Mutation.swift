/// Damages messages the way a hostile or broken peer would.
package enum Mutation {
    /// Pieces of the protocol, put where they do not belong.
    private static let pieces = [
        "{", "}", "[", "]", "\"", "\\", ",", ":", "null", "true", "-", "1e9", "\\u", "\\ud800", "\u{0}", "=", "==", "/",
        "_",
        "\"serverContent\":", "\"interrupted\":true,", "\"data\":\"AAA\"", "\"mimeType\":\"audio/pcm\",",
        "{\"parts\":[",
        "\"turnComplete\":true", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    ].map { Array($0.utf8) }

    /// Makes one to four changes: bytes overwritten, removed, doubled, moved, put in, the end cut off.
    package static func apply(to message: inout [UInt8], _ random: inout SeededGenerator) {
        for _ in 0...random.below(4) {
            guard !message.isEmpty else { return }
            let start = random.below(message.count)
            let end = min(message.count, start + 1 + random.below(12))
            switch random.below(8) {
            case 0: message[start] = UInt8(truncatingIfNeeded: random.next())
            case 1: message[start] ^= 1 << UInt8(random.below(8))
            case 2: message.removeSubrange(start..<end)
            case 3: message.insert(contentsOf: Array(message[start..<end]), at: random.below(message.count + 1))
            case 4, 5: message.insert(contentsOf: random.pick(pieces), at: start)
            case 6:
                message.replaceSubrange(start..<end, with: random.pick([[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF5]]))
            default: message.removeLast(random.below(message.count + 1))
            }
        }
    }
}
