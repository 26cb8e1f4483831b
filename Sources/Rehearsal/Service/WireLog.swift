import Foundation
import Synchronization

/// A file with a JSON line about every message, sound summarised by its size.
final class WireLog: Sendable {
    private let file: Mutex<FileHandle>
    private let started = ContinuousClock.now

    init(path: String) throws(RehearsalError) {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw RehearsalError(.file, "cannot write the log \(path)") }
        self.file = Mutex(file)
    }

    /// - Parameter event: "received", "sent", "opened", "closed", "note".
    func write(_ event: String, connection: Int, _ details: (String, JSON)...) {
        let at = started.duration(to: .now)
        var members: [JSON.Member] = [
            .init(name: "at", value: .number(Double(at.milliseconds))),
            .init(name: "connection", value: .number(Double(connection))),
            .init(name: "event", value: .string(event)),
        ]
        members += details.map { JSON.Member(name: $0.0, value: $0.1) }
        let line = JSONWriter.write(.object(members)) + [0x0A]
        file.withLock { try? $0.write(contentsOf: Data(line)) }
    }

    /// A message with every long string under a `data` key replaced by the count of its bytes.
    static func summary(of message: JSON) -> JSON {
        switch message {
        case .object(let members):
            .object(
                members.map { member in
                    guard member.name == "data", let text = member.value.string else {
                        return JSON.Member(name: member.name, value: summary(of: member.value))
                    }
                    let count = Base64.decode(text)?.count ?? text.utf8.count
                    return JSON.Member(name: "dataBytes", value: .number(Double(count)))
                })
        case .array(let elements): .array(elements.map(summary(of:)))
        default: message
        }
    }
}
