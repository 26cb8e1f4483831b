/// One thing that can be set, under all its names.
///
/// The table `all` is the only place where a setting is described: flags and their help, environment names, the check
/// of settings files, `config show` and the annotated `config/vivavoce.yaml` follow from it or are tested against it.
package struct SettingKey: Sendable {
    /// Section and name as in a settings file, such as `service.apiVersion`.
    package let path: String
    /// The flag without its dashes.
    package let flag: String
    /// What stands for the value in help.
    package let placeholder: String
    package let accepts: Accepts
    /// What holds when nothing is set; nil where that is decided later, as `summary` says.
    package let preset: String?
    /// From when on a change of it holds, where the daemon reads its settings again.
    package let reload: ReloadClass
    /// What it means, without a full stop.
    package let summary: String

    /// The kinds of value; `accepts(_:)` checks, `description` is for messages.
    package enum Accepts: Sendable, Equatable, CustomStringConvertible {
        case text(String)
        /// Letters, digits, dots, dashes and underscores.
        case word(String)
        case address
        case proxy
        /// A device's name; `null` is one of them.
        case device
        case wholeNumber(ClosedRange<Int>)
        /// Above 0 and up to 1, such as 1e-30.
        case probability
        /// Of money, above 0.
        case amount
        case oneOf([String])

        package func accepts(_ text: String) -> Bool {
            switch self {
            case .text, .device: !text.isEmpty
            case .word:
                !text.isEmpty
                    && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
            case .address: ServiceAddress(text) != nil
            case .proxy: ProxyAddress(text) != nil
            case .wholeNumber(let range): Int(text).map(range.contains) ?? false
            case .probability: Double(text).map { $0 > 0 && $0 <= 1 } ?? false
            case .amount: Double(text).map { $0 > 0 && $0.isFinite } ?? false
            case .oneOf(let words): words.contains(text)
            }
        }

        package var description: String {
            switch self {
            case .text(let what), .word(let what): what
            case .address: ServiceAddress.accepted
            case .device: "a device, as `vivavoce devices` lists them"
            case .proxy: ProxyAddress.accepted
            case .wholeNumber(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
            case .probability: "a number above 0 and up to 1, such as 1e-30"
            case .amount: "an amount above 0, such as 2.50"
            case .oneOf(let words): words.joined(separator: ", ")
            }
        }
    }

    /// The section, such as `service`.
    package var section: Substring { path.prefix { $0 != "." } }
    /// The name within its section, such as `apiVersion`.
    package var name: Substring { path.dropFirst(section.count + 1) }

    /// Such as `VIVAVOCE_SERVICE_API_VERSION`: words of the path in capitals, joined by underscores.
    package var environmentName: String {
        var name = "VIVAVOCE_"
        for character in path {
            if character.isUppercase { name += "_" }
            name += character == "." ? "_" : character.uppercased()
        }
        return name
    }
}
