package import Assistant
package import ControlProtocol
package import LiveProtocol

extension Daemon: Controlled {
    package func perform(_ command: ConversationCommand) async throws(RPC.Failure) {
        let isTaken: Bool = obey(command)
        guard isTaken else { throw .state("no conversation is under way", remedy: "`vivavoce connect` begins one") }
    }

    package func reload() async throws(RPC.Failure) -> JSONValue {
        do throws(AssistantError) {
            try readAgain()
        } catch {
            throw .state(error.message, remedy: error.remedy)
        }
        return ["applies": "next conversation"]
    }
}
