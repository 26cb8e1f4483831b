/// Cuts what a socket brings into lines, however it comes in pieces.
package struct LineSplitter {
    package enum Item: Equatable {
        /// Without its end; a carriage return before it is left out, too. Empty lines are passed over.
        case line([UInt8])
        /// A line longer than anybody may send begins here; the rest of it is passed over.
        case tooLong
    }

    private let longest: Int
    private var open: [UInt8] = []
    private var isSkipping = false

    /// - Parameter longest: bytes of a line.
    package init(longest: Int) { self.longest = longest }

    package mutating func take(_ bytes: some Collection<UInt8>) -> [Item] {
        var items: [Item] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            items += grow(by: rest[..<end])
            if !isSkipping, open.last == UInt8(ascii: "\r") { open.removeLast() }
            if !isSkipping, !open.isEmpty { items.append(.line(open)) }
            open.removeAll()
            isSkipping = false
            rest = rest[end...].dropFirst()
        }
        return items + grow(by: rest)
    }

    private mutating func grow(by part: some Collection<UInt8>) -> [Item] {
        guard !isSkipping else { return [] }
        guard open.count + part.count <= longest else {
            open.removeAll()
            isSkipping = true
            return [.tooLong]
        }
        open += part
        return []
    }
}
