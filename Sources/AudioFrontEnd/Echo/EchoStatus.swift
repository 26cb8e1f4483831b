import Synchronization

/// How far the echo canceller is trusted.
package enum EchoGrade: UInt8, Equatable, Sendable, CaseIterable {
    /// It is not known to work: while the loudspeaker is heard, and 250 ms longer, the microphone is closed.
    case halfDuplex
    /// It has begun to work, or there is no echo: a voice has to stand out more clearly than later.
    case raisedThreshold
    case cancelling
}

/// What the echo canceller has found out, for any thread to read: the front end writes it once per frame.
package final class EchoStatus: Sendable {
    /// A moment's findings.
    package struct Reading: Equatable, Sendable {
        /// From the reference's leaving to its coming back, on top of what the devices report; nil until it is known.
        package var delay: Duration?
        /// How much faster the loudspeaker's clock runs than the microphone's, parts in a million, as far as the
        /// devices' own reports show it.
        package var drift: Double = 0
        /// How far the canceller's linear part brings the echo down, dB (echo return loss enhancement).
        package var returnLoss: Double = 0
        package var grade = EchoGrade.halfDuplex

        package init() {}
    }

    private let delayMilliseconds = Atomic<Int>(-1)
    private let driftBillionths = Atomic<Int>(0)
    private let returnLossHundredths = Atomic<Int>(0)
    private let grade = Atomic<UInt8>(EchoGrade.halfDuplex.rawValue)

    package init() {}

    /// Any thread. The values are each right, and a moment apart.
    package var reading: Reading {
        var reading = Reading()
        let delay = delayMilliseconds.load(ordering: .relaxed)
        if delay >= 0 { reading.delay = .milliseconds(delay) }
        reading.drift = Double(driftBillionths.load(ordering: .relaxed)) / 1_000
        reading.returnLoss = Double(returnLossHundredths.load(ordering: .relaxed)) / 100
        reading.grade = EchoGrade(rawValue: grade.load(ordering: .relaxed)) ?? .halfDuplex
        return reading
    }

    /// The capture thread only; RT safe.
    func publish(lag: Int?, drift: Double, returnLoss: Float, grade: EchoGrade) {
        delayMilliseconds.store(lag.map { $0 * 10 } ?? -1, ordering: .relaxed)
        driftBillionths.store(Int(drift * 1e9), ordering: .relaxed)
        returnLossHundredths.store(Int(returnLoss * 100), ordering: .relaxed)
        self.grade.store(grade.rawValue, ordering: .relaxed)
    }
}
