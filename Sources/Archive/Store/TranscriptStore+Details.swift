import Events
import GRDB

extension TranscriptStore {
    /// What is kept of a conversation beside its lines.
    ///
    /// - Parameter id: `ArchivedSession.id`; of one that is unknown nothing is.
    package func details(of id: String) throws(ArchiveError) -> ArchivedDetails {
        try reading { database in
            func rows(_ table: String, by order: String) throws -> [Row] {
                try Row.fetchAll(
                    database,
                    sql: "SELECT t.* FROM \(table) t JOIN sessions s ON s.number = t.session WHERE s.id = ? "
                        + "ORDER BY \(order)", arguments: [id])
            }
            var details = ArchivedDetails()
            details.connections = try rows("connections", by: "t.id").map {
                ArchivedDetails.Connection(at: $0["at"], model: $0["model"], isResumed: $0["isResumed"])
            }
            details.turns = try rows("turns", by: "t.turn, t.speaker DESC").map {
                ArchivedDetails.Turn(
                    turn: $0["turn"], speaker: Party(rawValue: $0["speaker"]) ?? .model, startedAt: $0["startedAt"],
                    endedAt: $0["endedAt"], reason: $0["reason"], heardMilliseconds: $0["heardMilliseconds"])
            }
            details.usage = try rows("usage", by: "t.direction, t.modality").map {
                ArchivedDetails.Usage(direction: $0["direction"], modality: $0["modality"], tokens: $0["tokens"])
            }
            details.events = try rows("events", by: "t.id").map {
                ArchivedDetails.Happening(at: $0["at"], name: $0["name"], json: $0["json"])
            }
            details.artifacts = try rows("artifacts", by: "t.id").map {
                ArchivedDetails.Artifact(at: $0["at"], path: $0["path"], mimeType: $0["mimeType"])
            }
            return details
        }
    }
}
