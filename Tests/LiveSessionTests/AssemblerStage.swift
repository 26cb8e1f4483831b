import LiveProtocol
import LiveSession

/// Feeds an assembler in virtual time and keeps what it tells.
struct AssemblerStage {
    var assembler = TurnAssembler()
    var now = Duration.zero
    var received = 0
    var heard = 0
    var told: [TurnChange] = []

    /// What was heard, and when it began to be.
    private var stretches: [(positions: Range<Int>, began: Duration)] = []

    var moment: Moment {
        Moment(
            now: now, received: received, played: heard,
            heardIn: { [heard] in min(max(heard - $0.lowerBound, 0), $0.count) },
            timeHeard: { [stretches] position in
                stretches.first { $0.positions.contains(position) }.map {
                    $0.began + .microseconds(Int64(position - $0.positions.lowerBound) * 1_000_000 / 24_000)
                }
            })
    }

    mutating func user(_ text: String, finished: Bool = false) {
        var piece = Transcription(speaker: .user, text: text)
        piece.isFinished = finished
        told += assembler.handle(.transcription(piece), at: moment)
    }
    mutating func model(_ text: String) {
        told += assembler.handle(.transcription(Transcription(speaker: .model, text: text)), at: moment)
    }
    mutating func speech(_ samples: Int) {
        received += samples
        told += assembler.handle(.speech(samples: samples), at: moment)
    }
    mutating func event(_ event: LiveEvent) { told += assembler.handle(event, at: moment) }
    /// Lets time pass while the device plays what has been received, in steps of 10 ms.
    mutating func wait(_ duration: Duration, playing: Bool = true) {
        let end = now + duration
        while now < end {
            if playing, heard < received {
                let end = min(received, heard + 240)
                stretches.append((heard..<end, now))
                heard = end
            }
            now += .milliseconds(10)
            if let deadline = assembler.deadline(at: moment), deadline <= now {
                told += assembler.timePassed(at: moment)
            }
        }
    }
    /// What was told, but for the times.
    mutating func take() -> [TurnChange] {
        defer { told = [] }
        return told.map(\.untimed)
    }
    func finals() -> [TurnLine] {
        told.compactMap { if case .final(let line) = $0 { line } else { nil } }
    }
}

extension TurnChange {
    /// As it is, without times and marks.
    var untimed: TurnChange {
        func untimed(_ line: TurnLine) -> TurnLine {
            var line = line
            (line.begin, line.end, line.marks) = (nil, nil, [])
            return line
        }
        return switch self {
        case .partial(let line): .partial(untimed(line))
        case .final(let line): .final(untimed(line))
        default: self
        }
    }
}
