package import Events
import FoundationEssentials

extension Event {
    /// The event as a program's variables: `VIVAVOCE_EVENT`, `VIVAVOCE_AT`, and one for each member of its JSON that is one
    /// value, such as `VIVAVOCE_TEXT` and `VIVAVOCE_HEARD_MILLISECONDS`.
    ///
    /// A value is cut at 32 KiB, because the system takes 128 KiB in one variable; lists and objects are in the JSON only.
    package var variables: [String: String] {
        guard let value = try? JSONDecoder().decode([String: Scalar].self, from: Data(jsonBytes)) else { return [:] }
        var variables: [String: String] = [:]
        for (name, scalar) in value { if let text = scalar.text { variables[VariableName.of(name)] = text } }
        return variables
    }

    /// A member's value as text; nil for what is no single value.
    private struct Scalar: Decodable {
        let text: String?

        private static let longest = 32 * 1_024

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let text =
                (try? container.decode(String.self)) ?? (try? container.decode(Bool.self)).map { "\($0)" }
                ?? (try? container.decode(Int.self)).map { "\($0)" }
                ?? (try? container.decode(Double.self)).map { "\($0)" }
            // A variable ends at the first zero.
            self.text = text.map { String(decoding: $0.utf8.prefix(Self.longest).filter { $0 != 0 }, as: UTF8.self) }
        }
    }
}
