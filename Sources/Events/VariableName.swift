/// What a member of an event is called where names are capitals: among a program's variables, and in the journal.
package enum VariableName {
    /// What the journal takes.
    private static let longest = 64

    /// `heardMilliseconds` is `VIVAVOCE_HEARD_MILLISECONDS`. What is neither a letter nor a digit of ASCII is an underscore;
    /// what is beyond 64 characters is cut off.
    package static func of(_ member: String) -> String {
        var name = "VIVAVOCE_"
        for character in member.prefix(longest) {
            if character.isASCII, character.isUppercase { name += "_" }
            let isTaken = character.isASCII && (character.isLetter || character.isNumber)
            name += isTaken ? character.uppercased() : "_"
        }
        return String(name.prefix(longest))
    }
}
