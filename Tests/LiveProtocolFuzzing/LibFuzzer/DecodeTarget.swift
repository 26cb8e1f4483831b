// The codec's libFuzzer target: `scripts/fuzz` builds it and runs it. No part of the package, because the library brings
// the `main` that a target of the package would need.
import LiveProtocolFuzzing

/// Decodes one message, and ends the process with the reason when something came of it that may not.
@_cdecl("LLVMFuzzerTestOneInput")
public func decode(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do throws(Fuzzer.Failure) {
        try Fuzzer.check(Array(UnsafeBufferPointer(start: data, count: count)))
    } catch {
        fatalError("\(error)")
    }
    return 0
}

/// Makes the next message to be tried: now and then a valid one of our generator, which knows the wire better than a
/// dictionary can; else one of ours damaged as a broken peer would; mostly what the library thinks of.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ room: Int, _ seed: CUnsignedInt) -> Int {
    var random = SeededGenerator(seed: UInt64(seed))
    var message: [UInt8]
    switch random.below(16) {
    case 0:
        var generator = MessageGenerator(random)
        message = generator.next().bytes
    case 1...3:
        message = Array(UnsafeBufferPointer(start: data, count: count))
        Mutation.apply(to: &message, &random)
    default: return LLVMFuzzerMutate(data, count, room)
    }
    message.removeLast(max(0, message.count - room))
    _ = UnsafeMutableBufferPointer(start: data, count: room).update(fromContentsOf: message)
    return message.count
}
