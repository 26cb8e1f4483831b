/// What to do on each connection, step by step.
package struct Scenario: Equatable, Sendable {
}
