/// The questions that the ears listen for, as a grammar in the Java Speech Grammar Format.
enum Grammar {
    /// One public rule, a choice between all phrases of all intents.
    static var questions: String {
        let phrases = Intent.allCases.flatMap(\.phrases).map { "(\($0))" }
        return """
            #JSGF V1.0;
            grammar questions;
            <number> = \(Number.spoken.joined(separator: " | "));
            <country> = \(Phrase.countries.map(\.name).joined(separator: " | "));
            public <question> = \(phrases.joined(separator: " | "));
            """
    }
}
