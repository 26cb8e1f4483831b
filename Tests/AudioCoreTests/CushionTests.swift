import AudioCore
import Testing

@Suite("Cushion", .timeLimit(.minutes(5)))
struct CushionTests {
    @Test("speech does not begin until the cushion is full (pitfall 42)")
    func fills() {
        var cushion = Cushion(depth: 1_000)
        #expect(cushion.admit(wanted: 240, waiting: 0, finished: 0) == 0)
        #expect(cushion.admit(wanted: 240, waiting: 480, finished: 0) == 0)
        #expect(cushion.admit(wanted: 240, waiting: 999, finished: 0) == 0)
        #expect(cushion.admit(wanted: 240, waiting: 1_000, finished: 0) == 240)
        #expect(cushion.admit(wanted: 240, waiting: 760, finished: 0) == 240)
    }

    @Test("an answer shorter than the cushion plays as soon as its end is known (pitfall 44)")
    func shortAnswer() {
        var cushion = Cushion(depth: 1_000)
        #expect(cushion.admit(wanted: 240, waiting: 300, finished: 0) == 0)
        #expect(cushion.admit(wanted: 240, waiting: 300, finished: 300) == 240)
        #expect(cushion.admit(wanted: 240, waiting: 60, finished: 60) == 60)
        #expect(cushion.admit(wanted: 240, waiting: 0, finished: 0) == 0)
        #expect(cushion.underruns == 0)
    }

    @Test("an answer whose end never comes plays once it has waited for a cushion's time (pitfall 50)")
    func endNeverComes() {
        var cushion = Cushion(depth: 1_000)
        var periods = 0
        while cushion.admit(wanted: 240, waiting: 300, finished: 0) == 0 { periods += 1 }
        #expect(periods == 5)  // 5 × 240 samples is the first time past 1,000
    }

    @Test("running dry in mid-speech fills the cushion again, and counts once when speech goes on")
    func underrun() {
        var cushion = Cushion(depth: 500)
        #expect(cushion.admit(wanted: 240, waiting: 500, finished: 0) == 240)
        #expect(cushion.admit(wanted: 240, waiting: 100, finished: 0) == 100)
        #expect(cushion.underruns == 0)
        #expect(cushion.admit(wanted: 240, waiting: 0, finished: 0) == 0)
        #expect(cushion.admit(wanted: 240, waiting: 240, finished: 0) == 0)
        #expect(cushion.admit(wanted: 240, waiting: 500, finished: 0) == 240)
        #expect(cushion.underruns == 1)
    }

    @Test("an end that is told after the last sample was played is no underrun")
    func lateEnd() {
        var cushion = Cushion(depth: 500)
        _ = cushion.admit(wanted: 240, waiting: 500, finished: 0)
        _ = cushion.admit(wanted: 240, waiting: 200, finished: 0)
        cushion.finish()
        _ = cushion.admit(wanted: 240, waiting: 500, finished: 0)
        #expect(cushion.underruns == 0)
    }

    @Test("after an interruption the next answer fills its own cushion")
    func cut() {
        var cushion = Cushion(depth: 500)
        #expect(cushion.admit(wanted: 240, waiting: 500, finished: 0) == 240)
        cushion.cut()
        #expect(cushion.admit(wanted: 240, waiting: 300, finished: 0) == 0)
        #expect(cushion.underruns == 0)
    }

    @Test("an answer behind a finished one follows without a gap only if its cushion is full")
    func nextAnswer() {
        var cushion = Cushion(depth: 500)
        _ = cushion.admit(wanted: 240, waiting: 1_000, finished: 400)
        #expect(cushion.admit(wanted: 240, waiting: 760, finished: 160) == 240)
        var other = Cushion(depth: 500)
        _ = other.admit(wanted: 240, waiting: 500, finished: 400)
        #expect(other.admit(wanted: 240, waiting: 260, finished: 160) == 160)
        #expect(other.admit(wanted: 240, waiting: 100, finished: 0) == 0)
    }

    @Test("without a cushion everything plays at once")
    func none() {
        var cushion = Cushion(depth: 0)
        #expect(cushion.admit(wanted: 240, waiting: 3, finished: 0) == 3)
        #expect(cushion.admit(wanted: 240, waiting: 0, finished: 0) == 0)
        #expect(cushion.admit(wanted: 240, waiting: 1, finished: 0) == 1)
    }
}
