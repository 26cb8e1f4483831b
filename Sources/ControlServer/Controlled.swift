package import Assistant
package import ControlProtocol
package import LiveProtocol

/// What a door asks of the assistant behind it. Its answers are quick: nobody waits for the network or a device.
package protocol Controlled: Sendable {
    /// - Throws: where no conversation is under way.
    func perform(_ command: ConversationCommand) async throws(RPC.Failure)
    /// Begins a conversation, or wakes the one that sleeps; does nothing where one is under way.
    func connect() async throws(RPC.Failure)
    /// Ends the conversation.
    func hangUp() async throws(RPC.Failure)
    /// Reads the settings again. - Returns: what was applied, and what was not and why.
    func reload() async throws(RPC.Failure) -> JSONValue
    /// Ends the assistant.
    func shutdown() async
}
