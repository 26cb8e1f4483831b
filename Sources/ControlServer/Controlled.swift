package import Assistant
package import ControlProtocol
package import LiveProtocol

/// What a door asks of the assistant behind it. Its answers are quick: nobody waits for the network or a device.
package protocol Controlled: Sendable {
    /// - Throws: where no conversation is under way, and it is nothing that holds for those that follow.
    func perform(_ command: ConversationCommand) async throws(RPC.Failure)
    /// Begins a conversation where none is under way, now rather than after a pause. One that sleeps until the wake word
    /// is heard is under way.
    func connect() async throws(RPC.Failure)
    /// Ends the conversation.
    func hangUp() async throws(RPC.Failure)
    /// Reads the settings again. - Returns: what was applied, and what was not and why.
    func reload() async throws(RPC.Failure) -> JSONValue
    /// Ends the assistant.
    func shutdown() async
}
