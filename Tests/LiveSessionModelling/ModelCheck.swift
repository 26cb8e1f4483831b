package import LiveProtocol

/// Scripts played by the thousand, and the shortest one that fails.
package struct ModelCheck: Sendable {
    package struct Failure: Sendable, CustomStringConvertible {
        package var seed: UInt64
        package var family: ModelFamily
        package var script: [Step]
        package var violation: String

        package var description: String {
            "seed \(seed), \(family.name): \(violation)\n" + script.map { "    .\($0)" }.joined(separator: ",\n")
        }
    }

    /// One for each way in which a fresh session is told of the conversation.
    private static let families = ["gemini-3.8-live", "gemini-3.1-flash-live-preview", "unknown"].map {
        ModelCatalogue.family(of: "models/\($0)")
    }

    private let tamper: ModelRun.Tamper?

    /// - Parameter tamper: puts others in place of an effect, to plant a fault.
    package init(tamper: ModelRun.Tamper? = nil) { self.tamper = tamper }

    /// - Returns: what is violated by a script, whatever the family; nil if nothing is.
    package func violation(of script: [Step]) -> String? {
        for family in ModelCheck.families {
            if let violation = violation(of: script, family: family) { return "\(family.name): \(violation)" }
        }
        return nil
    }

    /// Plays one script for each seed. - Returns: the first failure, shrunk.
    package func firstFailure(seeds: Range<UInt64>) -> Failure? {
        for seed in seeds {
            var generator = ScriptGenerator(seed: seed)
            let script = generator.script()
            let family = ModelCheck.families[Int(seed % UInt64(ModelCheck.families.count))]
            guard violation(of: script, family: family) != nil else { continue }
            let shortest = shrunk(script, family: family)
            let violation = violation(of: shortest, family: family) ?? ""
            return Failure(seed: seed, family: family, script: shortest, violation: violation)
        }
        return nil
    }

    private func violation(of script: [Step], family: ModelFamily) -> String? {
        var run = ModelRun(family: family, tamper: tamper)
        run.start()
        for step in script where run.violation == nil { run.apply(step) }
        run.settle()
        return run.violation
    }

    /// Takes out what is not needed to fail: halves first, then ever smaller pieces, to single steps.
    private func shrunk(_ script: [Step], family: ModelFamily) -> [Step] {
        var script = script
        var size = max(1, script.count / 2)
        while true {
            var start = 0
            var isShorter = false
            while start < script.count {
                var shorter = script
                shorter.removeSubrange(start..<min(start + size, script.count))
                if violation(of: shorter, family: family) != nil {
                    script = shorter
                    isShorter = true
                } else {
                    start += size
                }
            }
            if size > 1 { size /= 2 } else if !isShorter { return script }
        }
    }
}
