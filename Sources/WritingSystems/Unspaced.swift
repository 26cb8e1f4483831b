/// Scripts that put no spaces between words, or whose words are looked for in parts.
package enum Unspaced {
    /// Its words stand between spaces and take endings.
    private static let korean: ClosedRange<Unicode.Scalar> = "\u{AC00}"..."\u{D7AF}"

    package static let ranges: [ClosedRange<Unicode.Scalar>] = [
        "\u{E00}"..."\u{EFF}",  // Thai, Lao
        "\u{1000}"..."\u{109F}",  // Myanmar
        "\u{1780}"..."\u{17FF}",  // Khmer
        "\u{2E80}"..."\u{9FFF}",  // Chinese, Japanese
        korean,
        "\u{F900}"..."\u{FAFF}", "\u{20000}"..."\u{3FFFF}",  // more Chinese
    ]

    package static func contains(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar) } }

    /// Whether a word may begin or end beside it without a space. Where two make one character, not between them.
    package static func mayPart(at scalar: Unicode.Scalar) -> Bool { contains(scalar) && !korean.contains(scalar) }
}
