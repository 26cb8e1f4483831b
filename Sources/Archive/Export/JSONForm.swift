package import Events

extension ArchivedSession {
    /// All that is kept of it, in the form that `transcripts import` takes: an object a line, with line ends.
    func jsonLines(_ lines: [ArchivedLine], _ details: ArchivedDetails) -> String {
        let objects = [document] + lines.map(\.document) + details.documents(of: id).flatMap { $0.objects }
        return objects.map { $0 + "\n" }.joined()
    }

    /// As one object that holds its lines, and by kind what was kept beside them.
    func json(_ lines: [ArchivedLine], _ details: ArchivedDetails) -> String {
        let kinds =
            [(kind: "lines", objects: lines.map(\.document))]
            + details.documents(of: id).filter { !$0.objects.isEmpty }
        let members = kinds.map { kind, objects in
            ",\"\(kind)\":[" + objects.map { "\n  " + $0 }.joined(separator: ",") + (objects.isEmpty ? "]" : "\n]")
        }
        return document.dropLast() + members.joined() + "}"
    }

    private var document: String {
        JSONWriter.document { writer in
            writeMembers(to: &writer)
            if tokenCount > 0 { writer.member("tokens", tokenCount) }
        }
    }

    /// What `transcripts import` takes of it.
    package func writeMembers(to writer: inout JSONWriter) {
        writer.member("type", "session")
        writer.member("id", id)
        writer.member("startedAt", Timestamp.iso8601(startedAt))
        writer.member("endedAt", ifPresent: endedAt.map(Timestamp.iso8601))
        writer.member("model", ifPresent: model)
        writer.member("reason", ifPresent: reason)
        writer.member("recording", ifPresent: recording)
    }
}

extension ArchivedLine {
    fileprivate var document: String { JSONWriter.document { writeMembers(to: &$0) } }

    /// What `transcripts import` takes of it.
    package func writeMembers(to writer: inout JSONWriter) {
        writer.member("type", "line")
        writer.member("session", session)
        writer.member("turn", turn)
        writer.member("speaker", speaker.rawValue)
        writer.member("language", ifPresent: language)
        writer.member("begin", Timestamp.iso8601(begin))
        writer.member("end", Timestamp.iso8601(end))
        writer.member("text", text)
        writer.member("heard", ifPresent: heard)
        writer.member("source", source.rawValue)
        writer.member("final", isFinal)
        guard !marks.isEmpty else { return }
        let pairs = marks.map { "[\($0.characters),\($0.milliseconds)]" }.joined(separator: ",")
        writer.member("marks", embedding: "[\(pairs)]")
    }
}

extension ArchivedDetails {
    /// As objects, by kind: what the array is called that holds them in a document.
    fileprivate func documents(of session: String) -> [(kind: String, objects: [String])] {
        func object(_ type: String, _ body: (inout JSONWriter) -> Void) -> String {
            JSONWriter.document { writer in
                writer.member("type", type)
                writer.member("session", session)
                body(&writer)
            }
        }
        return [
            ("connections", connections.map { kept in object("connection") { kept.writeMembers(to: &$0) } }),
            ("turns", turns.map { kept in object("turn") { kept.writeMembers(to: &$0) } }),
            ("usage", usage.map { kept in object("usage") { kept.writeMembers(to: &$0) } }),
            ("events", events.map { kept in object("event") { kept.writeMembers(to: &$0) } }),
            ("artifacts", artifacts.map { kept in object("artifact") { kept.writeMembers(to: &$0) } }),
        ]
    }
}

extension ArchivedDetails.Connection {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("at", Timestamp.iso8601(at))
        writer.member("model", model)
        writer.member("resumed", isResumed)
    }
}

extension ArchivedDetails.Turn {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("turn", turn)
        writer.member("speaker", speaker.rawValue)
        writer.member("startedAt", Timestamp.iso8601(startedAt))
        writer.member("endedAt", ifPresent: endedAt.map(Timestamp.iso8601))
        writer.member("reason", ifPresent: reason)
        writer.member("heardMilliseconds", ifPresent: heardMilliseconds)
    }
}

extension ArchivedDetails.Usage {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("direction", direction)
        writer.member("modality", modality)
        writer.member("tokens", tokens)
    }
}

extension ArchivedDetails.Happening {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("at", Timestamp.iso8601(at))
        writer.member("name", name)
        writer.member("event", embedding: json)
    }
}

extension ArchivedDetails.Artifact {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("at", Timestamp.iso8601(at))
        writer.member("path", path)
        writer.member("mimeType", mimeType)
    }
}

extension JSONWriter {
    /// One object.
    fileprivate static func document(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        writer.object(body)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
