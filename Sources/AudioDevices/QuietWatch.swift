import AudioCore

/// For how long a device has played nothing but zeros.
struct QuietWatch: Equatable, Sendable {
    /// More than a device holds, so that nothing but silence is lost when it is emptied.
    static let long = Duration.milliseconds(500)

    private let enough: Int
    private var silent = 0

    init(rate: SampleRate) { enough = rate.frames(in: Self.long) }

    var isLong: Bool { silent >= enough }

    /// RT safe.
    mutating func played(_ frames: Span<Int16>) {
        var loudest: Int16 = 0
        for index in frames.indices { loudest |= frames[index] }
        silent = loudest == 0 ? silent + frames.count : 0
    }
}
