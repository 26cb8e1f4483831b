/// Small whole numbers and the words for them.
enum Number {
    static let spoken = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    ]

    private static let tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

    /// Every word or figure from 0 to 100 that counts as a number in a text.
    static let words: [String] = spoken + tens + ["hundred"] + (0...100).map(String.init)

    /// The number that a word or a row of figures names.
    static func value(of word: String) -> Int? {
        if let index = spoken.firstIndex(of: word) { return index }
        if let index = tens.firstIndex(of: word) { return 10 * (index + 2) }
        if word == "hundred" { return 100 }
        guard word.count <= 9 else { return nil }
        return Int(word)
    }

    /// In words up to a hundred, in figures beyond: a voice reads either.
    static func text(_ value: Int) -> String {
        switch value {
        case ..<0: "minus \(text(-value))"
        case 0...20: spoken[value]
        case 21..<100: value % 10 == 0 ? tens[value / 10 - 2] : "\(tens[value / 10 - 2])-\(spoken[value % 10])"
        default: String(value)
        }
    }
}
