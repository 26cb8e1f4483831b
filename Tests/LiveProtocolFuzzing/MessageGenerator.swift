/// A message of the service and what must come of it.
package struct ExpectedMessage {
    package var bytes: [UInt8] = []
    /// All speech in it, in order, whether or not an interruption cancels it.
    package var samples: [Int16] = []
    package var transcripts: [String] = []
    package var isInterrupted = false
    package var isGenerationComplete = false
    package var isTurnComplete = false
}

/// Makes valid messages in every way that JSON and base64 allow: members in any order, any whitespace, any escapes,
/// both alphabets, padded or not. Shares no code with the client's codec, so that no mistake can agree with itself.
package struct MessageGenerator {
    private var random: SeededGenerator
    private var message = ExpectedMessage()

    package init(_ random: SeededGenerator) { self.random = random }

    package mutating func next() -> ExpectedMessage {
        message = ExpectedMessage()
        let text = object(topLevelMembers())
        message.bytes = (random.once(in: 20) ? [0xEF, 0xBB, 0xBF] : []) + text + Array(space().utf8)
        return message
    }
}

// MARK: - Members

extension MessageGenerator {
    private typealias Member = (name: String, value: [UInt8])

    private mutating func topLevelMembers() -> [Member] {
        var members: [Member] = []
        if !random.once(in: 8) { members.append(("serverContent", serverContent())) }
        if random.once(in: 10) {
            members.append(("usageMetadata", object([("totalTokenCount", Array("\"17\"".utf8))])))
        }
        if random.once(in: 20) { members.append(("goAway", object([("timeLeft", string("50s"))]))) }
        if random.once(in: 20) {
            members.append(("sessionResumptionUpdate", object([("newHandle", string("h"))])))
        }
        if random.once(in: 30) { members.append(("setupComplete", object([]))) }
        if random.once(in: 30) {
            members.append(("toolCall", object([("functionCalls", array([object([("name", string("f"))])]))])))
        }
        if random.once(in: 10) { members.append(("brandNew", anything(depth: 3))) }
        return members
    }

    private mutating func serverContent() -> [UInt8] {
        // Speech and transcripts may stand in any order, but each kind keeps its own.
        var members: [Member] = []
        if !random.once(in: 4) { members.append(("modelTurn", modelTurn())) }
        if random.once(in: 4) {
            let text = words()
            message.transcripts.append(text)
            members.append(("outputTranscription", object([("text", string(text))])))
        }
        flag("interrupted", \.isInterrupted, times: 12, to: &members)
        flag("generationComplete", \.isGenerationComplete, times: 6, to: &members)
        flag("turnComplete", \.isTurnComplete, times: 6, to: &members)
        if random.once(in: 10) { members.append(("brandNew", anything(depth: 3))) }
        return object(members)
    }

    private mutating func flag(
        _ name: String, _ path: WritableKeyPath<ExpectedMessage, Bool>, times: Int, to members: inout [Member]
    ) {
        guard random.once(in: times) else { return }
        let isSet = !random.once(in: 4)
        message[keyPath: path] = isSet
        members.append((name, Array((isSet ? "true" : "false").utf8)))
    }

    private mutating func modelTurn() -> [UInt8] {
        let parts = (0..<(random.once(in: 30) ? 12 : 1 + random.below(2))).map { _ in part() }
        return object([("role", random.once(in: 4) ? anything(depth: 4) : string("model")), ("parts", array(parts))])
    }

    private mutating func part() -> [UInt8] {
        switch random.below(6) {
        case 0: return object([("text", string(words()))])
        case 1: return object([("thought", Array("true".utf8)), ("text", string(words()))])
        default:
            let count = random.once(in: 100) ? 1500 + random.below(100) : random.below(40)
            let samples = (0..<count).map { _ in Int16(truncatingIfNeeded: random.next()) }
            message.samples += samples
            let type = random.pick(["audio/pcm", "audio/pcm;rate=24000", "audio/pcm; rate=16000"])
            var members = [("inlineData", object([("mimeType", string(type)), ("data", base64(samples))]))]
            if random.once(in: 10) { members.append(("thoughtSignature", anything(depth: 4))) }
            return object(members)
        }
    }

    private mutating func words() -> String {
        random.pick(["", "a", " It is on.", "é", "日本語", "😀 pair", "quote \" \\ / \n\t\u{1}", "\u{7F}\u{2028}"])
    }

    private mutating func anything(depth: Int) -> [UInt8] {
        switch random.below(depth > 0 ? 8 : 5) {
        case 0: return Array(random.pick(["0", "-1", "12.5e-3", "1e999", "18446744073709551616"]).utf8)
        case 1: return Array(random.pick(["true", "false", "null"]).utf8)
        case 2...4: return string(words())
        case 5, 6:
            return object((0..<random.below(4)).map { _ in (words(), anything(depth: depth - 1)) })
        default: return array((0..<random.below(4)).map { _ in anything(depth: depth - 1) })
        }
    }
}

// MARK: - Text

extension MessageGenerator {
    private mutating func space() -> String {
        random.once(in: 4) ? random.pick([" ", "\n", "\r\n", "\t", "  \n  "]) : ""
    }

    private mutating func object(_ members: [Member]) -> [UInt8] {
        let texts = members.shuffled(using: &random).map { member -> [UInt8] in
            string(member.name) + Array("\(space()):\(space())".utf8) + member.value
        }
        return joined(texts, between: ("{", "}"))
    }

    private mutating func array(_ elements: [[UInt8]]) -> [UInt8] { joined(elements, between: ("[", "]")) }

    private mutating func joined(_ texts: [[UInt8]], between brackets: (String, String)) -> [UInt8] {
        var text = Array("\(space())\(brackets.0)\(space())".utf8)
        for (index, element) in texts.enumerated() {
            if index > 0 { text += Array("\(space()),\(space())".utf8) }
            text += element
        }
        return text + Array("\(space())\(brackets.1)\(space())".utf8)
    }

    private mutating func string(_ text: String) -> [UInt8] {
        let escapesMuch = random.once(in: 10)
        var quoted: [UInt8] = [UInt8(ascii: "\"")]
        for unit in text.unicodeScalars {
            switch unit {
            case "\"", "\\": quoted += [UInt8(ascii: "\\"), UInt8(unit.value)]
            case "\n": quoted += Array("\\n".utf8)
            case "/" where random.once(in: 2): quoted += Array("\\/".utf8)
            case _ where unit.value < 0x20 || escapesMuch && random.once(in: 3):
                for half in String(unit).utf16 { quoted += escape(half) }
            default: quoted += Array(String(unit).utf8)
            }
        }
        return quoted + [UInt8(ascii: "\"")]
    }

    private mutating func escape(_ unit: UInt16) -> [UInt8] {
        let digits = String(unit, radix: 16, uppercase: random.once(in: 2))
        return Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
    }

    /// The plainest base64 there is: one bit after another.
    private mutating func base64(_ samples: [Int16]) -> [UInt8] {
        let isURLSafe = random.once(in: 2)
        let alphabet = isURLSafe ? Self.urlSafeAlphabet : Self.standardAlphabet
        let escapesMuch = random.once(in: 20)
        var text: [UInt8] = []
        var value = 0
        var bits = 0
        func put(_ value: Int) {
            if alphabet[value] == UInt8(ascii: "/"), random.once(in: 2) {
                text.append(UInt8(ascii: "\\"))
                text.append(UInt8(ascii: "/"))
            } else if escapesMuch, random.once(in: 10) {
                text += escape(UInt16(alphabet[value]))
            } else {
                text.append(alphabet[value])
            }
        }
        for sample in samples {
            for byte in [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)] {
                value = value << 8 | Int(byte)
                bits += 8
                while bits >= 6 {
                    bits -= 6
                    put(value >> bits & 63)
                }
                value &= 0xFF
            }
        }
        if bits > 0 { put(value << (6 - bits) & 63) }
        if random.once(in: 2) {
            let isPadEscaped = random.once(in: 4)
            for _ in 0..<[0, 1, 2][samples.count % 3 == 0 ? 0 : samples.count % 3 == 1 ? 1 : 2] {
                text += Array((isPadEscaped ? "\\u003d" : "=").utf8)
            }
        }
        return [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
    }

    private static let standardAlphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlSafeAlphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
}
