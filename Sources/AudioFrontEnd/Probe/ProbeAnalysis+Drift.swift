import AudioCore

/// Drift, from how the lag changes along the whole sound: two ends alone cannot tell a drift from a path that jumped.
extension ProbeAnalysis {
    /// The lag of a piece of the sound, in samples, and where it was played.
    struct PathPoint {
        var played: Int
        var lag: Double
    }

    /// Pieces of speech of half a second, one in each second.
    private static let piece = 8_000
    private static let fewest = 6
    /// Lags that lie further from the straight line than this, in samples, have no drift: half a millisecond.
    private static let steadiness = 8.0

    /// The lags along the speech, where it stands out of the noise.
    ///
    /// - Parameter lag: about where to look.
    func path(of speech: Range<Int>, at lag: Double, over noise: Double) -> [PathPoint] {
        stride(from: speech.lowerBound, to: speech.upperBound - Self.piece, by: 16_000).compactMap { start in
            let heard = start + Int(lag.rounded())
            guard power(recording.microphone, from: heard, count: Self.piece) > 4 * noise * Double(Self.piece),
                start + Self.piece <= recording.loudspeaker.count,
                let found = Chirp.find(
                    recording.loudspeaker[start..<start + Self.piece], in: recording.microphone,
                    from: heard - 480..<heard + 480)
            else { return nil }
            return PathPoint(played: start, lag: found.position - Double(start))
        }
    }

    /// The slope that is the median of all pairs', so that a piece that was found wrongly does not count.
    ///
    /// - Returns: nil for a path that is not straight, and for one of which too little was heard.
    func drift(of points: [PathPoint]) -> ProbeFindings.Drift? {
        guard points.count >= Self.fewest else { return nil }
        let places = points.map { Double($0.played) }
        let length = (places.max() ?? 0) - (places.min() ?? 0)
        var slopes: [Double] = []
        for (index, one) in points.enumerated() {
            for other in points[..<index] where other.played != one.played {
                slopes.append((one.lag - other.lag) / Double(one.played - other.played))
            }
        }
        guard let slope = median(slopes),
            let offset = median(points.map { $0.lag - slope * Double($0.played) })
        else { return nil }
        let residuals = points.map { abs($0.lag - slope * Double($0.played) - offset) }.sorted()
        let residual = residuals[residuals.count * 4 / 5]
        guard residual < Self.steadiness else { return nil }
        // A jump in the middle that leaves such residuals makes a slope of six of them over the whole length. Half a
        // sample at either end is what finding costs.
        return ProbeFindings.Drift(value: -slope * 1e6, uncertainty: max(0.7, 6 * residual) / length * 1e6)
    }
}
