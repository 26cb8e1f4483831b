package import Events

/// Keeps the record of a conversation: stands between those who tell what happens and everyone who hears of it, so that
/// a line that is called final is on disk.
///
/// The conversation never waits for more than one attempt to write, and goes on when there is no writing: what belongs
/// in the record then waits in memory, to a bound, and is written when it can be.
package actor Archivist {
    /// Between partial texts of a line on their way to the disk: what a crash may cost.
    private static let partialInterval = Duration.seconds(1)
    /// How long another program may hold the record before anybody is told.
    private static let busyIsTroubleAfter = Duration.seconds(5)
    private static let longestBackoff = Duration.seconds(30)
    /// Each waits for another program as long as `RecordWriter` does, a quarter of a second.
    private static let lastAttempts = 8
    /// Between two signs that a conversation is under way.
    private static let seenInterval = Duration.seconds(60)

    /// All codes of its warnings begin so.
    package static let codes = "archive."
    /// The code of the warning that a record of an older form is being brought to the newest. Until another of `codes`
    /// follows, or the conversation's end, a process that ends loses what was said, and begins anew the next time.
    package static let upgrading = codes + "upgrading"

    /// Since when, and until when, nothing is written.
    private struct Outage {
        var since: Duration
        var nextAttempt: Duration
        var backoff = Duration.seconds(1)
        var isTold = false
    }

    let writer: RecordWriter
    private let keeping: RecordLimits
    private let wallClock: @Sendable () -> Int64
    private let now: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private var pending: PendingRecord
    private var outage: Outage?
    private var session: String?
    private var nextSeen = Duration.zero
    /// Recordings that were told of as not there to be deleted.
    private var unreachable: Set<String> = []
    /// The record is brought to the newest form: lines wait in memory, and events go on.
    private var isUpgrading = false
    private var isUpgradeTold = false
    private var isWriting = false
    /// Who waits until `isWriting` is false.
    private var waiters: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - path: of the database; it is made when there is something to keep.
    ///   - keeping: what older conversations are deleted, in the background, once this one runs.
    ///   - clock: for intervals and backoff.
    ///   - wallClock: milliseconds since 1970.
    package init<C: Clock>(
        path: String, keeping: RecordLimits = RecordLimits(), clock: C, wallClock: @escaping @Sendable () -> Int64
    ) where C.Duration == Duration {
        self.init(path: path, keeping: keeping, pending: PendingRecord(), clock: clock, wallClock: wallClock)
    }

    /// - Parameter patience: seconds to wait for another program's lock.
    init<C: Clock>(
        path: String, keeping: RecordLimits = RecordLimits(), pending: PendingRecord, patience: Double = 0.25, clock: C,
        wallClock: @escaping @Sendable () -> Int64
    ) where C.Duration == Duration {
        let origin = clock.now
        writer = RecordWriter(path: path, wallClock: wallClock, patience: patience)
        self.keeping = keeping
        self.pending = pending
        self.wallClock = wallClock
        now = { origin.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
    }

    /// Takes every event in order, writes what belongs in the record, and publishes it on `bus`, a final line after it
    /// is on disk. Returns when `events` has ended and what could be written is; `bus` is not finished.
    ///
    /// A record of an older form is brought to the newest first, beside the events: until that is done, lines are published
    /// before they are on disk, and it is waited for at the end.
    ///
    /// Once per archivist. Cancelling it drops the events that wait.
    package func run(_ events: EventSubscription, to bus: EventBus) async {
        isUpgrading = await writer.isOutdated()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.upgrade(bus) }
            group.addTask {
                while (try? await self.sleep(Self.partialInterval)) != nil { await self.secondPassed(bus) }
            }
            group.addTask { await self.keepHouse(bus) }
            for await event in events { await pass(event, to: bus) }
            tellUpgrade(bus)
            group.cancelAll()
        }
        await commitLast(bus)
        pending.abandon()
        let loss = pending.takeLoss()
        if !loss.isNothing { tell(.archiveLost(loss), on: bus) }
        await writer.close()
    }

    private func pass(_ event: Event, to bus: EventBus) async {
        session = event.session ?? session
        if pending.take(event), outage == nil, !isUpgrading { await commit(bus) }
        bus.publish(event)
    }

    private func upgrade(_ bus: EventBus) async {
        guard isUpgrading else { return }
        let result = await perform(bus) { _ throws(ArchiveError) in }  // opened for that, it is upgraded
        isUpgrading = false
        switch result {
        case .success:
            guard await commit(bus) == nil, isUpgradeTold else { return }
            tell(.archiveResumed(pending.takeLoss()), on: bus)
        case .failure(let error):
            notWritten(error, bus)
            if isUpgradeTold { outage?.isTold = true }
        }
    }

    /// Most records take less than a second.
    private func tellUpgrade(_ bus: EventBus) {
        guard isUpgrading, !isUpgradeTold else { return }
        isUpgradeTold = true
        tell(.archiveUpgrading(writer.path), on: bus)
    }

    private func secondPassed(_ bus: EventBus) async {
        guard !isUpgrading else { return tellUpgrade(bus) }
        if let outage, now() < outage.nextAttempt { return }
        await commit(bus)
        guard outage == nil, now() >= nextSeen, let session else { return }
        nextSeen = now() + Self.seenInterval
        let time = wallClock()
        _ = await perform(bus) { store throws(ArchiveError) in try store.seen(session, at: time) }
    }

    /// There is no later any more: another program that holds the record is waited for a little longer.
    private func commitLast(_ bus: EventBus) async {
        for _ in 0..<Self.lastAttempts {
            guard await commit(bus) == .busy else { return }
        }
    }

    /// Writes all that waits, if it can. Callers take turns.
    ///
    /// - Returns: why it was not written; nil where it was.
    @discardableResult private func commit(_ bus: EventBus) async -> ArchiveError.Code? {
        while isWriting { await withCheckedContinuation { waiters.append($0) } }
        let batch = pending.takeBatch()
        guard !batch.isEmpty else { return nil }
        isWriting = true
        let result = await perform(bus) { store throws(ArchiveError) in try store.write(batch) }
        isWriting = false
        for waiter in waiters { waiter.resume() }
        waiters = []

        switch result {
        case .success:
            written(bus)
            return nil
        case .failure(let error):
            pending.putBack(batch)
            notWritten(error, bus)
            return error.code
        }
    }

    private func written(_ bus: EventBus) {
        guard let over = outage.take(), over.isTold else { return }
        tell(.archiveResumed(pending.takeLoss()), on: bus)
    }

    private func notWritten(_ error: ArchiveError, _ bus: EventBus) {
        let now = now()
        var outage = self.outage ?? Outage(since: now, nextAttempt: now)
        outage.nextAttempt = now + outage.backoff
        outage.backoff = min(outage.backoff * 2, Self.longestBackoff)
        if !outage.isTold, error.code != .busy || now - outage.since >= Self.busyIsTroubleAfter {
            outage.isTold = true
            tell(.archiveFailed(error), on: bus)
        }
        self.outage = outage
    }

    private func tell(_ problem: Problem, on bus: EventBus) {
        let event = Event(at: wallClock(), session: session, .warning(problem))
        _ = pending.take(event)
        bus.publish(event)
    }

    // MARK: Keeping house

    /// Deletes what is older, or more, than is to be kept, step by step, so that a line waits for one step at most.
    func keepHouse(_ bus: EventBus) async {
        guard !keeping.isEverything else { return }
        var pause = RecordLimits.patience
        while (try? await sleep(pause)) != nil {
            await tidyUp(bus)
            pause = RecordLimits.interval
        }
    }

    private func tidyUp(_ bus: EventBus) async {
        let (keeping, today, current) = (keeping, wallClock(), session)
        let expired = await perform(bus) { store throws(ArchiveError) in
            try store.expired(keeping, now: today).filter { $0 != current }
        }
        guard case .success(let ids) = expired, !ids.isEmpty else { return }
        for id in ids where !Task.isCancelled {
            let removal = await perform(bus) { store throws(ArchiveError) in try store.remove([id]) }
            for recording in (try? removal.get())?.unreachable ?? [] where unreachable.insert(recording).inserted {
                tell(.recordingUnreachable(recording), on: bus)
            }
        }
        var isMore = true
        while isMore, !Task.isCancelled {
            let step = await perform(bus) { store throws(ArchiveError) in try store.tidyStep() }
            isMore = (try? step.get()) ?? false
        }
    }

    /// Works on the record, and tells of a database that was set aside on the way.
    private func perform<Value: Sendable>(
        _ bus: EventBus, _ work: @escaping @Sendable (TranscriptStore) throws(ArchiveError) -> Value
    ) async -> Result<Value, ArchiveError> {
        let outcome = await writer.perform(work)
        if let place = outcome.setAside { tell(.archiveSetAside(writer.path, place), on: bus) }
        return outcome.result
    }
}

extension Problem {
    fileprivate static func archiveFailed(_ error: ArchiveError) -> Problem {
        Problem(
            code: Archivist.codes + error.code.rawValue,
            message:
                "\(error.message) The conversation goes on; what is said waits in memory and is written when it can be.",
            remedy: error.remedy)
    }

    fileprivate static func archiveUpgrading(_ path: String) -> Problem {
        Problem(
            code: Archivist.upgrading,
            message: "The record at \(path) is brought to the form of this version, once, which may take minutes. The "
                + "conversation goes on; what is said waits in memory and is written then.",
            remedy: "Ending waits for it. Asked twice to end, it does not: what was said is lost, and it begins anew.")
    }

    fileprivate static func archiveResumed(_ loss: PendingRecord.Loss) -> Problem {
        Problem(code: "archive.resumed", message: "The record goes on. \(lost(loss))", remedy: nil)
    }

    fileprivate static func archiveLost(_ loss: PendingRecord.Loss) -> Problem {
        Problem(code: "archive.lost", message: "The record could not be written to the end. \(lost(loss))", remedy: nil)
    }

    fileprivate static func archiveSetAside(_ path: String, _ place: String) -> Problem {
        Problem(
            code: "archive.corrupt",
            message: "The record at \(path) is damaged. It was moved to \(place), and a new one begun.",
            remedy: "`sqlite3 \(place) .recover` may save what is in it.")
    }

    fileprivate static func recordingUnreachable(_ path: String) -> Problem {
        Problem(
            code: "archive.unreachable",
            message: "The recording \(path) is older, or more, than is to be kept, and was not removed: it is not "
                + "there, nor is the folder that it lay in. The words of its conversation are deleted.",
            remedy: "Mount its disk: it is removed within an hour of conversation. If it is gone for good, make that "
                + "folder.")
    }

    private static func lost(_ loss: PendingRecord.Loss) -> String {
        guard !loss.isNothing else { return "Nothing was lost." }
        return "Lost: \(loss.lines) lines, and \(loss.others) other notes."
    }
}
