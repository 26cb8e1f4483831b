// The demonstration of a wake word on recordings: when it hears its phrase, and what that costs.
// `scripts/bench-wake` makes the recordings and adds up.
import Glibc
import Sphinx

/// Seconds of processor time of this process.
func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func seconds(in samples: Int) -> Double { (Double(samples) / 16_000).rounded(toDecimals: 2) }

/// Raw 16-bit samples of this machine's byte order.
func samples(in path: String) -> [Int16]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    var samples = [Int16](repeating: 0, count: ftell(file) / 2)
    rewind(file)
    let count = fread(&samples, 2, samples.count, file)
    return count == samples.count ? samples : nil
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let threshold = Double(arguments[2]) else {
    print("usage: WakeBench PHRASE THRESHOLD FILE...  (raw 16-bit mono PCM at 16,000 Hz)")
    exit(64)
}
let spotter = try PhraseSpotter(phrase: arguments[1], threshold: threshold)
var heard = 0
let start = processorTime()
for path in arguments.dropFirst(3) {
    guard let recording = samples(in: path) else {
        print("cannot read \(path)")
        exit(66)
    }
    var found: [String] = []
    // As the assistant does: a tenth of a second at a time.
    for first in stride(from: 0, to: recording.count, by: 1600) {
        var piece = Array(recording[first..<min(first + 1600, recording.count)])
        if spotter.listen(to: &piece) { found.append("\(seconds(in: first + piece.count))") }
    }
    spotter.restart()
    heard += recording.count
    print("\(path)\t\(found.joined(separator: " "))")
}
let cost = (processorTime() - start) / seconds(in: heard) * 1000
print("cost\t\(cost.rounded(toDecimals: 2)) ms/s\t\(heard / 16_000) s")

extension Double {
    func rounded(toDecimals places: Int) -> Double {
        let factor = pow(10, Double(places))
        return (self * factor).rounded() / factor
    }
}
