import Synchronization

/// What stands before a stretch of sound on a `SoundTape`.
package struct SoundStamp: Equatable, Sendable {
    package enum Kind: Int16, Sendable {
        /// A device's sound, and its own word on the time.
        case timed = 1
        /// Sound of a pipe, whose time is only when it came: it follows what came before it.
        case arrived
        /// What was announced for `time` and later never was: an interruption emptied the device.
        case dropped
    }

    package var kind: Kind
    /// When the first sample stood at the converter, on the machine's monotonic clock since boot.
    package var time: Duration
    package var rate: SampleRate
    /// Samples; 0 with `dropped`.
    package var count: Int
    /// The first one's position in the voice ring; 0 for sound that is in none.
    package var position: Int

    package init(kind: Kind = .timed, time: Duration, rate: SampleRate, count: Int, position: Int = 0) {
        self.kind = kind
        self.time = time
        self.rate = rate
        self.count = count
        self.position = position
    }
}

/// Sound and the times it belongs to, from a device's thread to one that takes its time, such as a recorder's.
///
/// One writer and one reader, and neither waits for the other. Stretches are taken whole or not at all: what finds no
/// room is left out, newest first, and counted. Between the stamps lie the samples, so there is one ring and one order.
package final class SoundTape: Sendable {
    // SAFETY: the ends of one ring; only the device's thread touches the one, and only the reader's the other.
    private nonisolated(unsafe) var producer: SampleProducer
    private nonisolated(unsafe) var consumer: SampleConsumer
    private let lostNanoseconds = Atomic<Int64>(0)

    /// - Parameter minimumCapacity: samples, of which each stretch takes `StampCode.length` more than it has. This is the
    ///   only allocation that a tape ever makes for its writer.
    package init(minimumCapacity: Int) {
        let ring = SampleRing(minimumCapacity: minimumCapacity)
        unsafe producer = ring.makeProducer()
        unsafe consumer = ring.makeConsumer()
    }

    /// How much sound found no room, since the beginning. Any thread.
    package var lost: Duration { .nanoseconds(lostNanoseconds.load(ordering: .relaxed)) }

    /// Writes one stretch. The device's thread only; RT safe: wait-free, no lock, no allocation.
    ///
    /// - Parameters:
    ///   - samples: mono, shape `[n]`.
    ///   - time: as `SoundStamp.time`.
    ///   - position: of the first in the voice ring, if they go there.
    ///   - isTimed: the time is the device's own word, not the moment of arrival.
    package func write(
        _ samples: Span<Int16>, rate: SampleRate, at time: Duration, position: Int = 0, isTimed: Bool = true
    ) {
        let kind: SoundStamp.Kind = isTimed ? .timed : .arrived
        let stamp = SoundStamp(kind: kind, time: time, rate: rate, count: samples.count, position: position)
        guard unsafe producer.hasRoom(for: StampCode.length + samples.count) else {
            lostNanoseconds.add(rate.duration(of: samples.count).wholeNanoseconds, ordering: .relaxed)
            return
        }
        write(stamp)
        _ = unsafe producer.write(samples)
    }

    /// Takes back what was announced for `time` and later. The device's thread only; RT safe.
    package func writeDrop(from time: Duration) {
        guard unsafe producer.hasRoom(for: StampCode.length) else { return }
        write(SoundStamp(kind: .dropped, time: time, rate: .voice, count: 0))
    }

    private func write(_ stamp: SoundStamp) {
        let code = StampCode.encode(stamp)
        _ = unsafe producer.write(code.span)
    }

    /// Takes the oldest stretch. The reader's thread only.
    ///
    /// - Parameter samples: replaced by the stretch's.
    /// - Returns: nil when none is whole yet.
    package func next(into samples: inout [Int16]) -> SoundStamp? {
        guard unsafe consumer.available >= StampCode.length else { return nil }
        let stamp = unsafe consumer.withSpans(StampCode.length) { StampCode.decode($0, $1) }
        guard unsafe consumer.available >= StampCode.length + stamp.count else { return nil }
        unsafe consumer.consume(StampCode.length)
        if samples.count != stamp.count { samples = [Int16](repeating: 0, count: stamp.count) }
        var span = samples.mutableSpan
        let read = unsafe consumer.read(into: &span)
        precondition(read == stamp.count, "\(read) samples behind a stamp for \(stamp.count)")
        return stamp
    }
}

extension Duration {
    fileprivate var wholeNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

/// A stamp as samples: its numbers in pieces of 16 bits, the lowest first.
private enum StampCode {
    static let length = 13

    static func encode(_ stamp: SoundStamp) -> InlineArray<13, Int16> {
        var code = InlineArray<13, Int16>(repeating: 0)
        code[0] = stamp.kind.rawValue
        put(UInt64(stamp.count), pieces: 2, in: &code, at: 1)
        put(UInt64(stamp.rate.hertz), pieces: 2, in: &code, at: 3)
        put(UInt64(bitPattern: stamp.time.wholeNanoseconds), pieces: 4, in: &code, at: 5)
        put(UInt64(bitPattern: Int64(stamp.position)), pieces: 4, in: &code, at: 9)
        return code
    }

    static func decode(_ first: Span<Int16>, _ second: Span<Int16>) -> SoundStamp {
        func number(_ start: Int, pieces: Int) -> UInt64 {
            var number: UInt64 = 0
            for piece in (0..<pieces).reversed() {
                let index = start + piece
                let sample = index < first.count ? first[index] : second[index - first.count]
                number = number << 16 | UInt64(UInt16(bitPattern: sample))
            }
            return number
        }
        guard let kind = SoundStamp.Kind(rawValue: Int16(truncatingIfNeeded: number(0, pieces: 1))) else {
            preconditionFailure("a tape is read where no stamp is")
        }
        return SoundStamp(
            kind: kind, time: .nanoseconds(Int64(bitPattern: number(5, pieces: 4))),
            rate: SampleRate(hertz: Int(number(3, pieces: 2))), count: Int(number(1, pieces: 2)),
            position: Int(Int64(bitPattern: number(9, pieces: 4))))
    }

    private static func put(_ number: UInt64, pieces: Int, in code: inout InlineArray<13, Int16>, at start: Int) {
        for piece in 0..<pieces {
            code[start + piece] = Int16(truncatingIfNeeded: number >> (16 * UInt64(piece)))
        }
    }
}
