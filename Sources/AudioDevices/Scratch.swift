/// Memory that a device's thread works in: allocated once, at a fixed address, zeroed, freed with its owner.
///
/// Take the pointer into a local constant and its `span` or `mutableSpan` from there: the rest of the owner then stays
/// usable, which it does not while a span of one of its arrays is.
final class Scratch<Element: BitwiseCopyable> {
    let elements: UnsafeMutableBufferPointer<Element>

    init(count: Int, zero: Element) {
        elements = .allocate(capacity: count)
        elements.initialize(repeating: zero)
    }

    deinit { elements.deallocate() }
}

extension Scratch<Int16> {
    convenience init(samples count: Int) { self.init(count: count, zero: 0) }
}

extension Scratch<UInt8> {
    convenience init(bytes count: Int) { self.init(count: count, zero: 0) }
}
