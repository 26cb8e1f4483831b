import Glibc

/// The process's counters at one moment.
struct Measurement {
    private let nanoseconds = monotonicNanoseconds()
    private let cpuSeconds = Measurement.cpuSeconds()
    private let samplesSent: [Int]
    private let latencies: [[Int64]]

    /// Call where the device thread does not run.
    init(_ sessions: [BenchSession]) {
        samplesSent = sessions.map(\.samplesSent)
        latencies = sessions.map(\.latencies.latencies)
    }

    /// One JSON line; names as in `bench/loop.c`.
    func report(since start: Measurement) -> String {
        let seconds = Double(nanoseconds - start.nanoseconds) / 1e9
        let sessionSeconds = seconds * Double(samplesSent.count)
        let measured = zip(latencies, start.latencies).flatMap { $0.dropFirst($1.count) }.sorted()
        let packets = (samplesSent.reduce(0, +) - start.samplesSent.reduce(0, +)) / 320
        let members: [(String, String)] = [
            ("client", "\"vivavoce\""),
            ("sessions", "\(samplesSent.count)"),
            ("seconds", rounded(seconds)),
            ("cpu_ms", rounded((cpuSeconds - start.cpuSeconds) * 1000 / sessionSeconds)),
            ("peak_mb", rounded(Self.peakMegabytes())),
            ("p50_us", rounded(percentile(0.5, of: measured))),
            ("p99_us", rounded(percentile(0.99, of: measured))),
            ("up_per_s", rounded(Double(packets) / sessionSeconds)),
            ("down_per_s", rounded(Double(measured.count) / sessionSeconds)),
        ]
        return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    private func percentile(_ part: Double, of sorted: [Int64]) -> Double {
        sorted.isEmpty ? 0 : Double(sorted[Int(part * Double(sorted.count - 1))]) / 1000
    }

    private func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

    private static func cpuSeconds() -> Double {
        var use = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &use)
        let (user, system) = (use.ru_utime, use.ru_stime)
        return Double(user.tv_sec + system.tv_sec) + Double(user.tv_usec + system.tv_usec) / 1e6
    }

    /// Most memory that was ever resident. Not `ru_maxrss`: that one remembers the program that started this one.
    private static func peakMegabytes() -> Double {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix("VmHWM:") else { continue }
            return text.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }.map { $0 / 1024 }
                ?? 0
        }
        return 0
    }
}
