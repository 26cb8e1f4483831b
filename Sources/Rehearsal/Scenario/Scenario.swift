/// Exact exchanges for tests: what to wait for and what to do on each connection, step by step.
///
/// The notation is YAML; docs/rehearsal.md describes it.
package struct Scenario: Equatable, Sendable {
    struct Step: Equatable, Sendable {
        enum Kind: Equatable, Sendable {
            /// Waits for such a message; others that come before it are passed over.
            case expect(Expectation, timeout: Duration)
            /// Any message in this time is a failure.
            case expectNothing(for: Duration)
            /// A whole turn of speech: transcript, sound, generationComplete, turnComplete.
            case say(String)
            case send(JSON, asText: Bool?)
            case sendBytes([UInt8], asText: Bool)
            case wait(Duration)
            /// From here on the service answers by itself, starting with the setup if it was held back.
            case behave
            case close(code: UInt16, reason: String)
            /// Ends the TCP connection without a close frame.
            case drop
            case fault(Fault)

            var needsRelay: Bool {
                if case .fault(let fault) = self { fault.needsRelay } else { false }
            }
        }

        let kind: Kind
        /// In the file, counted from 1.
        let line: Int
    }

    enum Expectation: Equatable, Sendable {
        /// A message of this kind, as `ClientMessage.kind` names them.
        case kind(String)
        /// Typed text or a turn that holds these words.
        case text(containing: String)
        /// So much sound in all since the last step.
        case audio(Duration)
    }

    /// The steps of the first connection, of the second, and so on; the last list serves all later ones.
    let connections: [[Step]]

    /// - Parameter connection: 1 for the first.
    func steps(forConnection connection: Int) -> [Step] {
        connections.isEmpty ? [] : connections[min(connection, connections.count) - 1]
    }
}
