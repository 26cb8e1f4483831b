import AudioCore
import Glibc
import Synchronization

@testable import Archive

/// A directory that is gone with the test.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/vivavoce-record-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
    }

    deinit {
        remove(path)
    }

    private func remove(_ path: String) {
        chmod(path, 0o700)
        for name in Self.contents(path) { remove("\(path)/\(name)") }
        if rmdir(path) != 0 { unlink(path) }
    }

    static func contents(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Both clocks of a recording, moved by the test.
final class RecordingTime: Sendable {
    private let times = Mutex((monotonic: Duration.seconds(1_000), wall: Duration.seconds(1_795_000_000)))

    var now: Duration { times.withLock { $0.monotonic } }
    var wall: Duration { times.withLock { $0.wall } }

    func advance(by step: Duration) {
        times.withLock {
            $0.monotonic += step
            $0.wall += step
        }
    }

    func setWall(forward step: Duration) { times.withLock { $0.wall += step } }

    var clock: RecordingClock {
        RecordingClock(monotonic: { self.now }, wall: { self.wall }, sleep: { _ in })
    }
}

/// A short sound whose place can be found again: noise of 20 ms, the same each time.
enum Burst {
    static let duration = Duration.milliseconds(20)

    static func samples(_ rate: SampleRate) -> [Int16] {
        // Two tones under a window: the same sound at every rate.
        let count = rate.frames(in: duration)
        return (0..<count).map { index in
            let time = Double(index) / Double(rate.hertz)
            let window = 0.5 - 0.5 * cos(2 * .pi * Double(index) / Double(count))
            return Int16(12_000 * window * sin(2 * .pi * (1_000 + 100_000 * time) * time))
        }
    }

    /// Where it is, in frames at 48 kHz: the places at which it correlates best, one for each time that it is there.
    static func places(in channel: [Int16]) -> [Int] {
        let burst = samples(SoundTrack.rate).map { Float($0) }
        let energy = burst.reduce(0) { $0 + $1 * $1 }
        var places: [Int] = []
        var best = (place: 0, likeness: Float(0))
        var start = 0
        while start + burst.count <= channel.count {
            // Silence is passed over quickly.
            guard channel[start..<start + burst.count].contains(where: { abs(Int($0)) > 1_500 }) else {
                start += burst.count / 2
                continue
            }
            var likeness: Float = 0
            for index in burst.indices { likeness += burst[index] * Float(channel[start + index]) }
            if likeness > 0.5 * energy, likeness > best.likeness { best = (start, likeness) }
            if best.likeness > 0, start > best.place + burst.count {
                places.append(best.place)
                best = (0, 0)
                start = start + burst.count / 4
            }
            start += 1
        }
        if best.likeness > 0 { places.append(best.place) }
        return places
    }
}

/// A recording as it is read back.
struct PlayedBack {
    var start: Int64
    var left: [Int16] = []
    var right: [Int16] = []

    init(_ path: String) throws {
        var recording = try OpusRecording(opening: path)
        start = recording.start
        var buffer = [Int16](repeating: 0, count: 11_520)
        while true {
            let frames = recording.read(into: &buffer)
            if frames == 0 { break }
            for index in 0..<frames {
                left.append(buffer[2 * index])
                right.append(buffer[2 * index + 1])
            }
        }
    }
}
