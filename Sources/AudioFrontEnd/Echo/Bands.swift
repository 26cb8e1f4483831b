/// The twenty bands, narrow below and wide above as hearing is, in which echo and voice are told apart.
enum Bands {
    static let count = 20
    /// Bins of 31.25 Hz at which the bands begin, and where the last one ends: 125 Hz to 6.6 kHz.
    static let edges: InlineArray<21, Int> = [
        4, 6, 8, 10, 12, 14, 17, 20, 24, 28, 33, 39, 46, 55, 65, 78, 95, 115, 140, 170, 210,
    ]
    typealias Values = InlineArray<20, Float>

    static func sum(_ bins: UnsafePointer<Float>, _ band: Int) -> Float {
        var sum: Float = 0
        for bin in edges[band]..<edges[band + 1] { sum += bins[bin] }
        return sum
    }

    static func width(_ band: Int) -> Float { Float(edges[band + 1] - edges[band]) }
}

/// The power of the steady noise in each bin: falls as soon as it gets quieter, rises slowly.
struct NoiseFloor {
    private let floor = LaneStore(lanes: Spectrum.lanes)
    private let smooth = LaneStore(lanes: Spectrum.lanes)
    private var frames = 0

    init() { floor.fill(1e-6) }

    var bins: UnsafeMutablePointer<Float> { floor.floats }

    /// - Parameters:
    ///   - power: of the newest frame, lane by lane.
    ///   - duringEcho: what is heard is not the room alone, so the floor hardly rises: 1 instead of 4 dB a second.
    mutating func follow(_ power: UnsafePointer<Lane>, duringEcho: Bool) {
        let starting: Float = 1.15  // 60 dB a second in the first half second, when nothing is known
        let rise = frames < 50 ? starting : duringEcho ? 1.0023 : 1.01
        frames += 1
        let least = Lane(repeating: 1e-9)
        for lane in 0..<Spectrum.lanes {
            smooth.base[lane] = 0.8 * smooth.base[lane] + 0.2 * power[lane]
            let old = floor.base[lane]
            let falling = old + 0.2 * (smooth.base[lane] - old)
            let new = (old * rise).replacing(with: falling, where: smooth.base[lane] .< old)
            floor.base[lane] = new.replacing(with: least, where: new .< least)
        }
    }
}
