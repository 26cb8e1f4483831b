/// Scripts played by the thousand, and the shortest one that fails.
package struct ModelCheck: Sendable {
    package struct Failure: Sendable, CustomStringConvertible {
        package var seed: UInt64
        package var script: [Step]
        package var violation: String

        package var description: String {
            "seed \(seed): \(violation)\n" + script.map { "    .\($0)" }.joined(separator: ",\n")
        }
    }

    private let tamper: ModelRun.Tamper?

    /// - Parameter tamper: puts others in place of an effect, to plant a fault.
    package init(tamper: ModelRun.Tamper? = nil) { self.tamper = tamper }

    /// - Returns: what is violated by a script; nil if nothing is.
    package func violation(of script: [Step]) -> String? {
        var run = ModelRun(tamper: tamper)
        run.start()
        for step in script where run.violation == nil { run.apply(step) }
        run.settle()
        return run.violation
    }

    /// Plays one script for each seed. - Returns: the first failure, shrunk.
    package func firstFailure(seeds: Range<UInt64>) -> Failure? {
        for seed in seeds {
            var generator = ScriptGenerator(seed: seed)
            let script = generator.script()
            guard violation(of: script) != nil else { continue }
            let shortest = shrunk(script)
            return Failure(seed: seed, script: shortest, violation: violation(of: shortest) ?? "")
        }
        return nil
    }

    /// Takes out what is not needed to fail: halves first, then ever smaller pieces, to single steps.
    package func shrunk(_ script: [Step]) -> [Step] {
        var script = script
        var size = max(1, script.count / 2)
        while true {
            var start = 0
            var isShorter = false
            while start < script.count {
                var shorter = script
                shorter.removeSubrange(start..<min(start + size, script.count))
                if violation(of: shorter) != nil {
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
