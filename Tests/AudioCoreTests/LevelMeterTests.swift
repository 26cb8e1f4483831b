import AudioCore
import Glibc
import Testing

@Suite("Level meter", .timeLimit(.minutes(5)))
struct LevelMeterTests {
    private func meter(square amplitude: Int16, periods: Int = 100) -> LevelMeter {
        let meter = LevelMeter()
        let frame = (0..<160).map { $0 % 2 == 0 ? amplitude : -amplitude }
        for _ in 0..<periods { meter.measure(frame.span, rate: .voice) }
        return meter
    }

    @Test(
        "a square wave reads its amplitude as peak, and 3 dB more as mean",
        arguments: [(16_384, -6.02), (3_277, -20), (328, -39.99), (1, -90.31)] as [(Int16, Float)])
    func known(amplitude: Int16, decibels: Float) {
        let level = meter(square: amplitude).level
        #expect(abs(level.rms - decibels - 3.01) < 0.05)
        #expect(abs(level.peak - decibels) < 0.05)
    }

    @Test(
        "a sine reads its amplitude on both needles, whatever its pitch, rate and period",
        arguments: [(160, 16_000, 440.0), (240, 24_000, 1_000), (441, 44_100, 97)])
    func sine(period: Int, rate: Int, hertz: Double) {
        let meter = LevelMeter()
        for index in 0..<100 {
            let frame = (0..<period).map { sample in
                Int16((3_276.8 * sin(2 * Double.pi * hertz * Double(index * period + sample) / Double(rate))).rounded())
            }
            meter.measure(frame.span, rate: SampleRate(hertz: rate))
        }
        #expect(abs(meter.level.rms + 20) < 0.3)  // the mean of 125 ms still follows the wave of 97 Hz
        #expect(abs(meter.level.peak + 20) < 0.1)
    }

    @Test("silence reads the bottom of the scale, and so does a meter nobody fed")
    func silence() {
        #expect(meter(square: 0).level == LevelMeter.Level(rms: LevelMeter.silence, peak: LevelMeter.silence))
        #expect(LevelMeter().level.rms == LevelMeter.silence)
    }

    @Test("the most negative sample is full scale and does not trap")
    func fullScale() {
        let meter = LevelMeter()
        meter.measure([Int16](repeating: .min, count: 16_000).span, rate: .voice)
        #expect(meter.level.peak == 0)
    }

    @Test("a click shows as a peak a tenth of a second later, and has gone after three")
    func ballistics() {
        let meter = LevelMeter()
        let silence = [Int16](repeating: 0, count: 160)
        meter.measure([Int16](repeating: 32_767, count: 1).span, rate: .voice)
        for _ in 0..<10 { meter.measure(silence.span, rate: .voice) }
        #expect(meter.level.peak > -2)
        for _ in 0..<290 { meter.measure(silence.span, rate: .voice) }
        #expect(meter.level.peak < -30)
        meter.reset()
        #expect(meter.level.peak == LevelMeter.silence)
    }
}
