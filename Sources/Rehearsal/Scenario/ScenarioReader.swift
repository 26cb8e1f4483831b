import Foundation
import Yams

/// Reads a scenario file; what it does not understand it names with file and line.
package struct ScenarioReader {
    private let path: String

    /// - Throws: `.file` when there is no such file, `.badScenario` when it makes no sense.
    package static func read(path: String) throws(RehearsalError) -> Scenario {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RehearsalError(.file, "cannot read the scenario \(path)")
        }
        return try read(String(decoding: data, as: UTF8.self), path: path)
    }

    /// - Parameter path: for messages only.
    static func read(_ yaml: String, path: String) throws(RehearsalError) -> Scenario {
        let reader = ScenarioReader(path: path)
        let root: Node?
        do {
            root = try compose(yaml: yaml)
        } catch let error as YamlError {
            throw reader.unreadable(error)
        } catch {
            throw RehearsalError(.badScenario, "\(path): \(error)")
        }
        guard let root else { throw RehearsalError(.badScenario, "\(path):1: the scenario is empty") }
        return try reader.scenario(root)
    }

    // MARK: Structure

    private func scenario(_ root: Node) throws(RehearsalError) -> Scenario {
        let members = try mapping(root, names: ["steps", "connections"])
        guard members.count == 1, let (name, value) = members.first else {
            throw wrong(root, "a scenario has either steps or connections")
        }
        if name == "steps" { return Scenario(connections: [try steps(value)]) }
        var connections: [[Scenario.Step]] = []
        for entry in try list(value) {
            let members = try mapping(entry, names: ["steps"])
            guard let steps = members["steps"] else { throw wrong(entry, "a connection has steps") }
            connections.append(try self.steps(steps))
        }
        guard !connections.isEmpty else { throw wrong(value, "at least one connection is due") }
        return Scenario(connections: connections)
    }

    private func steps(_ node: Node) throws(RehearsalError) -> [Scenario.Step] {
        var steps: [Scenario.Step] = []
        for entry in try list(node) {
            let line = entry.mark?.line ?? 1
            steps.append(Scenario.Step(kind: try kind(entry), line: line))
        }
        return steps
    }

    private static let stepNames: Set<String> = [
        "expect", "timeout", "expectNothing", "say", "send", "sendText", "sendHex", "sendBase64", "frame", "wait",
        "behave", "close", "drop", "fault", "hostile", "goAway",
    ]

    private func kind(_ entry: Node) throws(RehearsalError) -> Scenario.Step.Kind {
        if case .scalar(let scalar) = entry {
            switch scalar.string {
            case "behave": return .behave
            case "drop": return .drop
            default: throw wrong(entry, unknown(scalar.string, among: ["behave", "drop"], what: "step"))
            }
        }
        let members = try mapping(entry, names: Self.stepNames)
        let actions = members.keys.filter { $0 != "timeout" && $0 != "frame" }
        guard actions.count == 1, let name = actions.first, let value = members[name] else {
            throw wrong(entry, "a step does one thing; this one has \(actions.sorted().joined(separator: ", "))")
        }
        if let stray = members["timeout"], name != "expect" { throw wrong(stray, "timeout belongs to expect") }
        if let stray = members["frame"], !name.hasPrefix("send") { throw wrong(stray, "frame belongs to send") }
        switch name {
        case "expect":
            let timeout = try members["timeout"].map { node throws(RehearsalError) in try milliseconds(node) }
            return .expect(try expectation(value), timeout: timeout ?? .seconds(10))
        case "expectNothing": return .expectNothing(for: try milliseconds(value))
        case "say": return .say(try text(value))
        case "send": return .send(try json(value), asText: try frame(members["frame"]))
        case "wait": return .wait(try milliseconds(value))
        case "behave": return .behave
        case "drop": return .drop
        case "close": return try close(value)
        case "fault": return .fault(try fault(value))
        case "hostile": return .fault(try hostile(value))
        case "goAway": return .fault(try goAway(value))
        default: return try bytes(name, value, frame: try frame(members["frame"]))
        }
    }

    // MARK: Steps

    private func expectation(_ node: Node) throws(RehearsalError) -> Scenario.Expectation {
        if case .scalar(let scalar) = node {
            let kinds = [
                "setup", "clientContent", "audio", "video", "text", "activityStart", "activityEnd", "audioStreamEnd",
                "toolResponse", "contextUpdate",
            ]
            guard kinds.contains(scalar.string) else {
                throw wrong(node, unknown(scalar.string, among: kinds, what: "kind of message"))
            }
            return .kind(scalar.string)
        }
        let members = try mapping(node, names: ["text", "audio"])
        guard members.count == 1, let (name, value) = members.first else {
            throw wrong(node, "an expectation is a kind of message, {text: WORDS} or {audio: MILLISECONDS}")
        }
        return name == "text" ? .text(containing: try text(value)) : .audio(try milliseconds(value))
    }

    private func close(_ node: Node) throws(RehearsalError) -> Scenario.Step.Kind {
        let members = try mapping(node, names: ["code", "reason"])
        guard let code = members["code"]?.int, (1_000...4_999).contains(code) else {
            throw wrong(node, "close takes a code from 1000 to 4999")
        }
        let reason = try members["reason"].map { node throws(RehearsalError) in try text(node) }
        return .close(code: UInt16(code), reason: reason ?? "")
    }

    private func bytes(_ name: String, _ value: Node, frame: Bool?) throws(RehearsalError) -> Scenario.Step.Kind {
        let given = try text(value)
        switch name {
        case "sendText": return .sendBytes(Array(given.utf8), asText: frame ?? true)
        case "sendBase64":
            guard let bytes = Base64.decode(given) else { throw wrong(value, "that is no base64") }
            return .sendBytes(bytes, asText: frame ?? false)
        default:
            let digits = given.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
            guard digits.count == given.filter({ !$0.isWhitespace }).count, digits.count % 2 == 0 else {
                throw wrong(value, "that is no hexadecimal")
            }
            let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
            return .sendBytes(bytes, asText: frame ?? false)
        }
    }

    private func frame(_ node: Node?) throws(RehearsalError) -> Bool? {
        guard let node else { return nil }
        switch try text(node) {
        case "text": return true
        case "binary": return false
        default: throw wrong(node, "a frame is text or binary")
        }
    }

    /// YAML is a superset of JSON, so a message is written as either.
    private func json(_ node: Node) throws(RehearsalError) -> JSON {
        switch node {
        case .mapping(let mapping):
            var members: [JSON.Member] = []
            for (key, value) in mapping {
                members.append(JSON.Member(name: try text(key), value: try json(value)))
            }
            return .object(members)
        case .sequence(let sequence):
            var elements: [JSON] = []
            for element in sequence { elements.append(try json(element)) }
            return .array(elements)
        case .scalar(let scalar):
            // A quoted scalar is text, whatever it looks like.
            guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
            if let flag = node.bool, ["true", "false"].contains(scalar.string) { return .bool(flag) }
            if let number = node.float { return .number(number) }
            return scalar.string == "null" || scalar.string == "~" ? .null : .string(scalar.string)
        case .alias: throw wrong(node, "aliases are not supported")
        }
    }

    // MARK: Nodes

    func mapping(_ node: Node, names: Set<String>) throws(RehearsalError) -> [String: Node] {
        guard case .mapping(let mapping) = node else {
            throw wrong(node, "one of \(names.sorted().joined(separator: ", ")) is due, with a colon")
        }
        var members: [String: Node] = [:]
        for (key, value) in mapping {
            let name = try text(key)
            guard names.contains(name) else { throw wrong(key, unknown(name, among: Array(names), what: "key")) }
            members[name] = value
        }
        return members
    }

    private func list(_ node: Node) throws(RehearsalError) -> [Node] {
        guard case .sequence(let sequence) = node else { throw wrong(node, "a list is due") }
        return Array(sequence)
    }

    func text(_ node: Node) throws(RehearsalError) -> String {
        guard case .scalar(let scalar) = node else { throw wrong(node, "text is due") }
        return scalar.string
    }

    func milliseconds(_ node: Node) throws(RehearsalError) -> Duration {
        guard let number = node.int, (0...86_400_000).contains(number) else {
            throw wrong(node, "milliseconds are due, 0 to a day")
        }
        return .milliseconds(number)
    }

    // MARK: Errors

    func wrong(_ node: Node, _ reason: String) -> RehearsalError {
        RehearsalError(.badScenario, "\(path):\(node.mark?.line ?? 1): \(reason)")
    }

    private func unreadable(_ error: YamlError) -> RehearsalError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            RehearsalError(.badScenario, "\(path):\(mark.line): \(problem)")
        default: RehearsalError(.badScenario, "\(path): \(error)")
        }
    }

    func unknown(_ name: String, among names: [String], what: String) -> String {
        let nearest = names.min { EditDistance.between($0, name) < EditDistance.between($1, name) } ?? ""
        return "no such \(what): \(name); did you mean \(nearest)?"
    }
}

/// Letters to change to make one word of another.
private enum EditDistance {
    static func between(_ first: String, _ second: String) -> Int {
        let second = Array(second)
        var above = Array(0...second.count)
        for (row, letter) in first.enumerated() {
            var current = [row + 1]
            for (column, other) in second.enumerated() {
                current.append(
                    min(above[column] + (letter == other ? 0 : 1), above[column + 1] + 1, current[column] + 1))
            }
            above = current
        }
        return above[second.count]
    }
}
