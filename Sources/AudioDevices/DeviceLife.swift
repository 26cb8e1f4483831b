import AudioCore

/// The life of one direction's device during a conversation: opened, lost and opened again, changed for another, found
/// silent or stuck. Decides what is to be done; `DeviceSupervisor` does it.
///
/// Each event takes the time on the monotonic clock, and answers with what is to be done, in order.
struct DeviceLife: Sendable {
    enum Effect: Equatable, Sendable {
        /// - Parameter rate: the device's true rate where it lies about it; nil believes it.
        case open(DeviceSpec, rate: SampleRate?)
        /// Ends what was opened; that it has ended is told by `ended` or `failed`.
        case close
        case tell(DeviceReport)
        case finish(Result<CaptureEnd, DeviceError>)
    }

    private enum State: Equatable {
        /// It has been told to open, and no sound has come or gone yet.
        case opening
        case working(since: Duration)
        /// Its thread does not come back out of a call.
        case stuck
        /// It has been told to end, and another is opened when it has.
        /// - isStuck: its thread does not come back out of a call, and that has been told.
        case closing(isStuck: Bool)
        /// It is opened again then.
        case waiting(until: Duration)
        case over
    }

    private var state = State.opening
    private var device: DeviceSpec
    /// What was opened last: `device`, unless that waits for the end of this one.
    private var running: DeviceSpec
    /// What is gone back to when `device` cannot be opened: the one before.
    private var fallback: DeviceSpec?
    private var rate: SampleRate?
    private var plan = ReopenPlan()
    private var opened: OpenedDevice?
    /// What to tell when it works, other than that it is open.
    private var news: (state: DeviceReport.State, reason: String?)?
    private var hasToldOpen = false
    private var isLost = false
    private var hasComplained = false
    private var silence = SilenceWatch()
    private var stillness = StillnessWatch()

    init(on device: DeviceSpec) {
        self.device = device
        running = device
    }

    /// When `timePassed` is due.
    var deadline: Duration? {
        guard case .waiting(let due) = state else { return nil }
        return due
    }

    var isOver: Bool { state == .over }

    // MARK: What is wanted

    mutating func start() -> [Effect] { open() }

    /// Another device is wanted, while the conversation goes on.
    mutating func change(to wanted: DeviceSpec) -> [Effect] {
        guard wanted != device, state != .over else { return [] }
        if fallback == nil { fallback = device }
        device = wanted
        rate = nil
        news = (.changed, nil)
        return reopen()
    }

    /// Ends it for good.
    mutating func stop() -> [Effect] {
        switch state {
        case .over: return []
        case .waiting: return finish(.success(.stopped))
        case .opening, .working, .stuck, .closing:
            state = .over
            return [.close]
        }
    }

    // MARK: What happens

    /// The device is open; no sound has come or gone yet.
    mutating func opened(_ how: OpenedDevice) { opened = how }

    /// The first sound has come or gone.
    mutating func works(now: Duration) -> [Effect] {
        guard state == .opening || state == .stuck else { return [] }
        state = .working(since: now)
        plan.works()
        silence = SilenceWatch()
        stillness = StillnessWatch()
        let isFirst = !hasToldOpen
        fallback = nil
        defer {
            isLost = false
            news = nil
            hasComplained = false
        }
        if let news { return [tell(news.state, news.reason ?? summary)] }
        if isLost { return [tell(.reopened, summary)] }
        guard isFirst, opened != nil else { return [] }
        return [tell(.open, summary)]
    }

    /// What was opened has ended by itself, or because it was told to.
    mutating func ended(_ end: CaptureEnd) -> [Effect] {
        switch (state, end) {
        case (.closing, _): open()
        case (.over, _), (_, .endOfInput): finish(.success(end))
        // Told to by a change that was overtaken by an end of its own.
        case (.opening, .stopped), (.working, .stopped), (.stuck, .stopped), (.waiting, .stopped): open()
        }
    }

    /// It could not be opened, or went away.
    mutating func failed(_ error: DeviceError, now: Duration) -> [Effect] {
        switch state {
        case .over: return finish(.success(.stopped))
        case .closing: return open()
        case .opening, .stuck, .waiting: break
        case .working(let since): plan.worked(for: now - since)
        }
        if let fallback { return goBack(to: fallback, because: error) }
        if case .wrongRate(let measured) = error.code { return takeRate(measured, error) }
        guard case .retry(let wait) = plan.failed(error, of: device) else {
            return finish(.failure(error))
        }
        state = .waiting(until: now + wait)
        return tellLoss(error)
    }

    mutating func timePassed(now: Duration) -> [Effect] {
        guard case .waiting(let due) = state, now >= due else { return [] }
        return open()
    }

    /// Devices came or went on this machine, or a sound server did. Of one that never worked the tries are few, and a
    /// burst of such news would use them up in a moment.
    mutating func devicesChanged() -> [Effect] {
        guard case .waiting = state, plan.hasWorked else { return [] }
        return open()
    }

    /// The name that was given means another device now, and what runs has not followed.
    mutating func leadsElsewhere(_ reason: String) -> [Effect] {
        guard case .working = state else { return [] }
        news = (.changed, reason)
        return reopen()
    }

    /// The sound server has carried what runs over to another device.
    mutating func moved(_ reason: String) -> [Effect] {
        guard case .working = state else { return [] }
        return [tell(.changed, reason)]
    }

    /// What the device's thread has counted by now: call it about twice a second.
    mutating func observed(_ activity: DeviceActivity, now: Duration) -> [Effect] {
        switch state {
        case .waiting, .over, .closing(isStuck: true): return []
        case .stuck: return stillness.isMoving(activity.periods) ? works(now: now) : []
        case .closing(isStuck: false):
            guard stillness.isStill(activity.periods, now: now, for: StillnessWatch.longPatience) else { return [] }
            state = .closing(isStuck: true)
            return [tellWait()]
        case .opening, .working: break
        }
        guard case .alsa = device, !activity.isAtRest else {
            stillness = StillnessWatch()
            return []
        }
        let isOpening = state == .opening
        let patience = isOpening ? StillnessWatch.longPatience : StillnessWatch.patience
        if stillness.isStill(activity.periods, now: now, for: patience) {
            state = .stuck
            let error = DeviceError.stuck(running.description, for: patience)
            // One that was lost, and hangs now that it is opened again, is another matter, with another remedy.
            return isLost ? [.tell(.problem(error))] : tellLoss(error)
        }
        guard !isOpening else { return [] }
        switch silence.observe(activity.zeroSamples) {
        case .began: return [tell(.silent, SilenceWatch.words)]
        case .ended: return [tell(.open, "sound comes again")]
        case nil: return []
        }
    }

    // MARK: Answers

    private mutating func open() -> [Effect] {
        state = .opening
        opened = nil
        running = device
        stillness = StillnessWatch()
        return [.open(device, rate: rate)]
    }

    private mutating func reopen() -> [Effect] {
        switch state {
        case .opening, .working:
            state = .closing(isStuck: false)
            stillness = StillnessWatch()
            return [.close]
        case .stuck:
            state = .closing(isStuck: true)
            return [.close, tellWait()]
        case .closing(isStuck: true): return [tellWait()]
        case .waiting: return open()
        case .closing(isStuck: false), .over: return []
        }
    }

    private mutating func finish(_ result: Result<CaptureEnd, DeviceError>) -> [Effect] {
        state = .over
        return [.finish(result)]
    }

    /// The device that was asked for cannot be had; the one before can, or will again.
    private mutating func goBack(to before: DeviceSpec, because error: DeviceError) -> [Effect] {
        device = before
        fallback = nil
        news = nil
        return [.tell(.problem(error))] + open()
    }

    /// The device runs at another rate than it says: the rate that was measured is taken for the true one.
    private mutating func takeRate(_ measured: Int, _ error: DeviceError) -> [Effect] {
        guard let rate = SampleRate(measured: measured) else {
            return finish(.failure(error))
        }
        self.rate = rate
        news = (.changed, "\(error.message); taken at \(rate) from here on")
        return open()
    }

    /// Once, however often it fails.
    private mutating func tellLoss(_ error: DeviceError) -> [Effect] {
        guard plan.hasWorked else {
            guard !hasComplained else { return [] }
            hasComplained = true
            return [.tell(.problem(error))]
        }
        guard !isLost else { return [] }
        isLost = true
        return [tell(.lost, error.description)]
    }

    /// Nothing else can be opened: the thread that hangs holds what the sound comes from or goes to.
    private func tellWait() -> Effect {
        .tell(.problem(.stuck(opened?.name ?? running.description, before: device.description)))
    }

    private mutating func tell(_ state: DeviceReport.State, _ reason: String?) -> Effect {
        hasToldOpen = true
        return .tell(.state(state, device: opened?.name ?? device.description, reason: reason))
    }

    private var summary: String? { opened?.summary }
}
