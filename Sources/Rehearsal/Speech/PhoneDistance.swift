/// How unlike two rows of phones are: an edit distance that forgives what recognisers confuse.
enum PhoneDistance {
    private static let missing = 0.7
    private static let vowels: Set = [
        "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW",
    ]

    /// Consonants that sound alike.
    private static let groups: [Set<String>] = [
        ["P", "B"], ["T", "D"], ["K", "G"], ["CH", "JH", "SH", "ZH"], ["F", "V", "TH", "DH"], ["S", "Z"],
        ["M", "N", "NG"], ["L", "R", "W", "Y"], ["HH"],
    ]

    static func between(_ first: [String], _ second: [String]) -> Double {
        var above = (0...second.count).map { Double($0) * missing }
        for (row, phone) in first.enumerated() {
            var current = [Double(row + 1) * missing]
            for (column, other) in second.enumerated() {
                let change = above[column] + cost(phone, other)
                current.append(min(change, above[column + 1] + missing, current[column] + missing))
            }
            above = current
        }
        return above[second.count]
    }

    private static func cost(_ phone: String, _ other: String) -> Double {
        if phone == other { return 0 }
        let areVowels = (vowels.contains(phone), vowels.contains(other))
        if areVowels.0 != areVowels.1 { return 1 }
        if areVowels.0 { return 0.4 }
        return groups.contains { $0.contains(phone) && $0.contains(other) } ? 0.4 : 0.8
    }
}
