/// Which programs run and which wait: a few at once, and of each program one at a time, so that what one does at an event is
/// not overtaken by what it does at a later one. Pure.
///
/// A lane is the place of one that runs. Who ran a job asks for the lane's next one.
struct HookQueue<Job: Sendable>: Sendable {
    enum Answer {
        /// It has a lane, and is to be run now.
        case run
        /// It runs when another ends: `next(after:)` gives it out.
        case waits
        /// Too many wait already; it is not run.
        case isFull
    }

    private let lanes: Int
    private let places: Int
    /// The programs that run.
    private var running: Set<String> = []
    /// In the order in which they came.
    private var waiting: [(program: String, job: Job)] = []

    /// - Parameters:
    ///   - lanes: so many run at once.
    ///   - places: so many may wait.
    init(lanes: Int, places: Int) {
        self.lanes = lanes
        self.places = places
    }

    /// Takes a job, in the order of the events.
    mutating func add(_ job: Job, of program: String) -> Answer {
        if running.count < lanes, running.insert(program).inserted { return .run }
        guard waiting.count < places else { return .isFull }
        waiting.append((program, job))
        return .waits
    }

    /// - Parameter program: the one that has ended.
    /// - Returns: the job for its lane, which is the oldest whose program does not run; nil when there is none, and the lane
    ///   is gone. No other lane could have taken one: while a lane is free, whatever waits does so for its own program.
    mutating func next(after program: String) -> Job? {
        running.remove(program)
        guard let index = waiting.firstIndex(where: { !running.contains($0.program) }) else { return nil }
        let (program, job) = waiting.remove(at: index)
        running.insert(program)
        return job
    }
}
