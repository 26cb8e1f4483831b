package import AudioCore

/// Keeps the device of one direction going for as long as a conversation lasts: opens it, opens it again when it is
/// lost, changes it for another, and says what becomes of it.
///
/// `DeviceLife` decides. `run(on:)` is its whole life; all else may be called from any thread at any time and never
/// blocks.
package final class DeviceSupervisor: Sendable {
    /// What is supervised: a `Capture` or a `Playback`.
    package struct Device: Sendable {
        typealias Run =
            @Sendable (
                DeviceSpec, _ rate: SampleRate?, _ onNotice: @escaping @Sendable (DeviceNotice) -> Void
            ) async -> Result<CaptureEnd, DeviceError>

        let run: Run
        /// Ends the run under way, but no later one.
        let leave: @Sendable () -> Void
        let activity: @Sendable () -> DeviceActivity

        package init<Stage: CaptureStage>(_ capture: Capture<Stage>) {
            run = { device, rate, onNotice in
                do throws(DeviceError) {
                    return .success(try await capture.run(on: device, at: rate, onNotice: onNotice))
                } catch {
                    return .failure(error)
                }
            }
            leave = { capture.leave() }
            activity = {
                let counts = capture.counters.counts
                return DeviceActivity(
                    periods: counts.periods, zeroSamples: counts.zeroSamples, isAtRest: capture.isAtRest)
            }
        }

        package init<Tap: ReferenceTap>(_ playback: Playback<Tap>) {
            run = { device, rate, onNotice in
                do throws(DeviceError) {
                    try await playback.run(on: device, at: rate, onNotice: onNotice)
                    return .success(.stopped)
                } catch {
                    return .failure(error)
                }
            }
            leave = { playback.leave() }
            activity = {
                DeviceActivity(periods: playback.counters.counts.periods, isAtRest: playback.isAtRest)
            }
        }

        /// What a test runs instead.
        init(
            run: @escaping Run, leave: @escaping @Sendable () -> Void,
            activity: @escaping @Sendable () -> DeviceActivity
        ) {
            self.run = run
            self.leave = leave
            self.activity = activity
        }
    }

    private enum Happening: Sendable {
        case notice(DeviceNotice)
        case ended(Result<CaptureEnd, DeviceError>)
        case wanted(DeviceSpec)
        case leadsElsewhere(reason: String)
        case moved(reason: String)
        case devicesChanged
        case stop
        case alarm(Duration)
    }

    /// How often the device's thread is looked after.
    static let round = Duration.seconds(1)

    private let device: Device
    private let report: @Sendable (DeviceReport) -> Void
    private let now: @Sendable () -> Duration
    private let sleep: @Sendable (_ due: Duration) async -> Void
    // Bounded at its sources: a run ends once, notices are bounded where they are made, the rest is what people do.
    private let mailbox = AsyncStream.makeStream(of: Happening.self, bufferingPolicy: .unbounded)

    /// - Parameters:
    ///   - clock: by which is waited.
    ///   - report: what to tell; called on no thread in particular, must not block.
    package init<C: Clock>(
        _ device: Device, clock: C = ContinuousClock(), report: @escaping @Sendable (DeviceReport) -> Void
    ) where C.Duration == Duration {
        self.device = device
        self.report = report
        let origin = clock.now
        now = { origin.duration(to: clock.now) }
        sleep = { due in try? await clock.sleep(until: origin.advanced(by: due), tolerance: nil) }
    }

    /// Another device is wanted from here on. One that cannot be opened is told, and the one before is gone back to.
    package func change(to device: DeviceSpec) { post(.wanted(device)) }

    /// The name that was given means another device now, and the stream has not followed: it is opened again.
    package func leadsElsewhere(_ reason: String) { post(.leadsElsewhere(reason: reason)) }

    /// A sound server has carried the stream over to another device.
    package func moved(_ reason: String) { post(.moved(reason: reason)) }

    /// Devices came or went: one that is waited for is tried at once.
    package func devicesChanged() { post(.devicesChanged) }

    /// Ends the device, for good.
    package func stop() { post(.stop) }

    /// Keeps a device going until it ends by itself, as files do, until it cannot be had, until `stop()`, or until the
    /// task is cancelled.
    ///
    /// - Returns: how it ended, or why it cannot be had; what went wrong before that has been reported.
    package func run(on device: DeviceSpec) async -> Result<CaptureEnd, DeviceError> {
        await withDiscardingTaskGroup { group in
            var life = DeviceLife(on: device)
            var alarm: Duration?
            var nextRound = now() + Self.round
            var hasToldPriority = false
            var result: Result<CaptureEnd, DeviceError>?
            perform(life.start(), in: &group, &result)
            var happenings = mailbox.stream.makeAsyncIterator()
            while result == nil {
                let due = min(life.deadline ?? nextRound, nextRound)
                if alarm.map({ due < $0 }) ?? true {
                    alarm = due
                    group.addTask { [sleep, feed = mailbox.continuation] in
                        await sleep(due)
                        feed.yield(.alarm(due))
                    }
                }
                guard let happening = await happenings.next() else { break }
                switch happening {
                case .alarm(let due):
                    if alarm == due { alarm = nil }
                    perform(life.timePassed(now: now()), in: &group, &result)
                    guard now() >= nextRound else { continue }
                    nextRound = now() + Self.round
                    perform(life.observed(self.device.activity(), now: now()), in: &group, &result)
                case .notice(.notRealTime(let reason)):
                    if !hasToldPriority { report(.notRealTime(reason)) }
                    hasToldPriority = true
                default: perform(react(to: happening, &life), in: &group, &result)
                }
            }
            group.cancelAll()
            return result ?? .success(.stopped)
        }
    }

    private func react(to happening: Happening, _ life: inout DeviceLife) -> [DeviceLife.Effect] {
        switch happening {
        case .notice(.opened(let opened)):
            life.opened(opened)
            report(.opened(opened))
            return []
        case .notice(.works): return life.works(now: now())
        case .ended(.success(let end)): return life.ended(end)
        case .ended(.failure(let error)): return life.failed(error, now: now())
        case .wanted(let device): return life.change(to: device)
        case .leadsElsewhere(let reason): return life.leadsElsewhere(reason)
        case .moved(let reason): return life.moved(reason)
        case .devicesChanged: return life.devicesChanged()
        case .stop: return life.stop()
        case .alarm, .notice(.notRealTime): return []
        }
    }

    private func perform(
        _ effects: [DeviceLife.Effect], in group: inout DiscardingTaskGroup,
        _ result: inout Result<CaptureEnd, DeviceError>?
    ) {
        for effect in effects {
            switch effect {
            case .open(let device, let rate):
                group.addTask { [run = self.device.run, feed = mailbox.continuation] in
                    feed.yield(.ended(await run(device, rate) { feed.yield(.notice($0)) }))
                }
            case .close: device.leave()
            case .tell(let report): self.report(report)
            case .finish(let end): result = end
            }
        }
    }

    private func post(_ happening: Happening) { mailbox.continuation.yield(happening) }
}
