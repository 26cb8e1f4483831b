/// Any JSON, for members whose shape is somebody else's: tool arguments, grounding, whatever is unknown.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    /// Members in the order they came.
    case object([Member])

    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The first member of that name, if this is an object that has it.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}

// MARK: - Reading what somebody else wrote

extension JSONValue {
    package var asString: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    package var asBool: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    /// A whole number, also where it was written as a string (protocol buffers do so with 64 bits) or as `12.0`.
    package var asInteger: Int64? {
        switch self {
        case .integer(let number): number
        case .number(let number): Int64(exactly: number)
        case .string(let digits): Int64(digits)
        case .null, .bool, .array, .object: nil
        }
    }

    package var asArray: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    package var asObject: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }
}

// MARK: - Building

extension JSONValue {
    /// An object of those members that have a value.
    static func object(ofPresent members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(members.compactMap { name, value in value.map { Member(name, $0) } })
    }

    /// This object with `other`'s members put in: objects of the same name are merged in turn, anything else is
    /// replaced. What is no object is replaced as a whole.
    package func merging(_ other: JSONValue) -> JSONValue {
        guard case .object(var members) = self, case .object(let additions) = other else { return other }
        for addition in additions {
            if let index = members.firstIndex(where: { $0.name == addition.name }) {
                members[index].value = members[index].value.merging(addition.value)
            } else {
                members.append(addition)
            }
        }
        return .object(members)
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(elements.map { Member($0, $1) }) }
    package init(nilLiteral: ()) { self = .null }
}
