package import Assistant
package import ControlProtocol
import Events
package import LiveProtocol

extension Daemon: Controlled {
    package func perform(_ command: ConversationCommand) async throws(RPC.Failure) {
        let isTaken: Bool = obey(command)
        guard isTaken else { throw .state("no conversation is under way", remedy: "`vivavoce connect` begins one") }
    }

    package func connect() async throws(RPC.Failure) {
        if let refusal = await begin() { throw .state(refusal.message, remedy: refusal.remedy) }
    }

    package func hangUp() async throws(RPC.Failure) { hangUp(saying: nil) }

    package func reload() async throws(RPC.Failure) -> JSONValue {
        do throws(AssistantError) {
            let report: ReloadReport = try await reload()
            return report.json
        } catch {
            throw .state(error.message, remedy: error.remedy)
        }
    }
}

extension ReloadReport {
    fileprivate var json: JSONValue {
        func list(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
        return [
            "applied": list(applied), "nextTurn": list(nextTurn), "nextSession": list(nextSession),
            "restart": list(restart), "kept": list(kept),
        ]
    }
}
