/// Sums of two numbers, in words or figures.
enum Arithmetic {
    static func answer(to text: String) -> String {
        let words = Intent.words(of: text)
        let signs = ["plus": "+", "minus": "-", "times": "*", "divided": "/"]
        guard let place = words.firstIndex(where: { signs[$0] != nil || signs.values.contains($0) }),
            let left = number(words[..<place], fromEnd: true), let right = number(words[(place + 1)...], fromEnd: false)
        else { return "I need two numbers for that." }
        switch signs[words[place]] ?? words[place] {
        case "+": return sentence(left.addingReportingOverflow(right))
        case "-": return sentence(left.subtractingReportingOverflow(right))
        case "*": return sentence(left.multipliedReportingOverflow(by: right))
        default:
            guard right != 0 else { return "Nothing can be divided by zero." }
            let (whole, rest) = left.quotientAndRemainder(dividingBy: right)
            let remainder = rest == 0 ? "" : ", and \(Number.text(rest)) remains"
            return "That is \(Number.text(whole))\(remainder)."
        }
    }

    private static func sentence(_ result: (partialValue: Int, overflow: Bool)) -> String {
        result.overflow ? "That is too much for me." : "That is \(Number.text(result.partialValue))."
    }

    /// The number nearest to the sign; "twenty three" is one number.
    private static func number(_ words: ArraySlice<String>, fromEnd: Bool) -> Int? {
        let isNumber = { (word: String) in Number.value(of: word) != nil }
        let run: ArraySlice<String>
        if fromEnd {
            guard let end = words.lastIndex(where: isNumber) else { return nil }
            let start = words[...end].lastIndex { !isNumber($0) }.map { $0 + 1 } ?? words.startIndex
            run = words[start...end]
        } else {
            guard let start = words.firstIndex(where: isNumber) else { return nil }
            run = words[start...].prefix(while: isNumber)
        }
        let values = run.compactMap(Number.value(of:))
        guard let first = values.first else { return nil }
        let isTens = first >= 20 && first % 10 == 0
        if values.count >= 2, isTens, (1...9).contains(values[1]) { return first + values[1] }
        return fromEnd ? values.last : first
    }
}
