package import Events

extension ArchivedSession {
    /// In the form that `transcripts import` takes, with a line end.
    var jsonLine: String { document { _ in } + "\n" }

    /// As one object that holds its lines.
    func json(with lines: [ArchivedLine]) -> String {
        let texts = lines.map { line in "\n  " + line.document }
        return document { $0.member("lines", embedding: "[]") }.dropLast(3) + "[" + texts.joined(separator: ",")
            + (lines.isEmpty ? "]}" : "\n]}")
    }

    private func document(_ more: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writeMembers(to: &writer)
            more(&writer)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
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
    /// In the form that `transcripts import` takes, with a line end.
    var jsonLine: String { document + "\n" }

    fileprivate var document: String {
        var writer = JSONWriter()
        writer.object { writeMembers(to: &$0) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

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
