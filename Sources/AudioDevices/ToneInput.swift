import AudioCore
import Glibc

/// An endless sine at −12 dBFS, or silence, paced like a microphone.
struct ToneInput<Clock: DeviceClock>: InputDevice {
    /// −12 dB of full scale.
    private static var amplitude: Double { 8_231 }
    private var pacer: Pacer<Clock>
    private let radiansPerSample: Double
    private var phase = 0.0

    /// - Parameter hertz: nil for silence.
    init(hertz: Double?, clock: Clock) {
        pacer = Pacer(clock: clock, rate: .voice)
        radiansPerSample = (hertz ?? 0) * 2 * .pi / Double(SampleRate.voice.hertz)
    }

    mutating func read(into frame: inout MutableSpan<Int16>, wake: Wake) -> InputReading {
        let start = pacer.nextStart
        guard pacer.wait(for: frame.count, wake) else { return .woken }
        for index in frame.indices {
            frame[index] = Int16((Self.amplitude * sin(phase)).rounded())
            phase += radiansPerSample
        }
        // Kept small, so that the pitch is as exact after a day as at the start.
        phase = phase.remainder(dividingBy: 2 * .pi)
        return .samples(frame.count, capturedAt: start)
    }
}
