import Archive
import Assistant
import Dispatch
import Events
import Glibc
import LiveSession

/// One conversation with a person at the terminal: shows it, obeys keys and signals, and says how it ended.
actor TalkSession {
    private enum Part: Sendable {
        case ended(Outcome)
        case shown
        case watched
        case aside
    }

    private let console: Console
    private let transcript: Transcript
    private let bus: EventBus
    private let partner: Partner
    private let keyboard: Keyboard?
    private let reload: (@Sendable () -> Void)?
    private let earlyExit: ExitCode
    private var talking: Talking
    private var release: Task<Void, Never>?

    private var hasBeenLive = false
    private var hasSaidWhy = false
    private var isMuted = false
    private var signalsThatEnd = 0
    private var wasInterruptedEarly = false
    private var takesSignals = false
    private var way = DispatchWorkItem {}
    private var departure: Departure

    /// - Parameters:
    ///   - bus: where events are told.
    ///   - keyboard: nil where nobody can press keys.
    ///   - reload: what SIGHUP asks for; nil where it asks for the end, as at a terminal that is gone.
    ///   - earlyExit: what Ctrl-C makes of it before it was live.
    ///   - patience: how long the conversation and its transcript may take to end once they should; the process then
    ///     ends without them.
    init(
        console: Console, style: Transcript.Style, on bus: EventBus = EventBus(), keyboard: Keyboard?,
        talking: Talking = Talking(), patience: Duration = .seconds(3), reload: (@Sendable () -> Void)? = nil,
        earlyExit: ExitCode = .interrupted, partner: (EventBus) -> Partner
    ) {
        self.console = console
        self.bus = bus
        self.reload = reload
        self.earlyExit = earlyExit
        self.keyboard = keyboard
        departure = Departure(patience: patience)
        self.talking = talking
        transcript = Transcript(console: console, style: style)
        self.partner = partner(bus)
    }

    /// Holds the conversation to its end and leaves the terminal as it was.
    func hold() async -> ExitCode {
        signal(SIGPIPE, SIG_IGN)  // a reader that goes shows as a failed write, and the conversation ends in order
        let shown = transcript.subscription(to: bus)
        let watched = bus.subscribe(capacity: 256, overflow: .dropsPartialsFirst)
        let signals = Signals()
        takesSignals = true
        keyboard?.reportReleases(talking.needsReleases)
        let outcome = await withTaskGroup(of: Part.self) { group in
            group.addTask { [partner] in .ended(await partner.run()) }
            group.addTask { [transcript] in
                await transcript.run(shown)
                return .shown
            }
            group.addTask {
                for await event in watched { await self.note(event) }
                return .watched
            }
            group.addTask {
                for await number in signals.arrivals { await self.received(signal: number) }
                return .aside
            }
            if let keyboard {
                group.addTask {
                    await self.obey(keyboard)
                    return .aside
                }
            }
            if console.hasScreen {
                group.addTask { [transcript] in
                    await Self.tick(transcript)
                    return .aside
                }
            }
            return await self.outcome(of: &group)
        }
        release?.cancel()
        keyboard?.close()
        signals.close()
        way.cancel()
        explain(outcome)
        return exit(for: outcome)
    }

    /// Waits for the conversation, then for what it still has to print; what waits for a person is cancelled last.
    private func outcome(of group: inout TaskGroup<Part>) async -> Outcome {
        var outcome: Outcome?
        var unread = 2
        for await part in group {
            switch part {
            case .ended(let how):
                outcome = how
                bus.finish()
                departure.conversationEnded(with: exit(for: how), now: Self.clock.now)
                arrangeDeparture()
            case .shown, .watched:
                unread -= 1
                if outcome == nil { hangUp() }  // nobody reads what is said
            case .aside: break
            }
            if outcome != nil, unread == 0 { group.cancelAll() }
        }
        return outcome!  // the group is over, and the conversation was in it
    }

    private func exit(for outcome: Outcome) -> ExitCode {
        if wasInterruptedEarly { return earlyExit }
        return console.failure == nil ? outcome.exit : .ioError
    }

    /// Says why it ended, unless the transcript has.
    private func explain(_ outcome: Outcome) {
        if let failure = console.failure {
            Failure.print("cannot write the conversation: \(String(cString: strerror(failure)))")
        } else if outcome.exit != .success, !hasSaidWhy, !wasInterruptedEarly {
            Failure.print(outcome.reason)
        }
    }

    // MARK: What happens meanwhile

    /// Whether Ctrl-C would find the session as a test wants to find it.
    func isReady(live: Bool) -> Bool { takesSignals && hasBeenLive == live }

    private func note(_ event: Event) async {
        switch event.body {
        case .sessionLive: hasBeenLive = true
        case .sessionEnded(_, _, let exit): hasSaidWhy = exit != 0
        case .turnsMode(let mode, _): await modeChanged(to: mode)
        case .audioMuted(let isMuted): self.isMuted = isMuted
        case .warning(let problem) where problem.code.hasPrefix(Archivist.codes):
            departure.recordChanged(isUpgrading: problem.code == Archivist.upgrading, now: Self.clock.now)
            arrangeDeparture()
        default: break
        }
    }

    private func received(signal number: CInt) async {
        guard number != SIGWINCH else {
            if let size = Terminal.size(of: STDOUT_FILENO) { console.resize(columns: size.columns, rows: size.rows) }
            return
        }
        guard number != SIGUSR1, number != SIGUSR2 else {
            return await talk(talking.obey(number == SIGUSR1 ? .pressed : .released))
        }
        if number == SIGHUP, let reload { return reload() }
        signalsThatEnd += 1
        if number == SIGINT, !hasBeenLive { wasInterruptedEarly = true }
        if signalsThatEnd > 1 { departure.hurry(with: .interrupted, now: Self.clock.now) }
        hangUp()
    }

    private func obey(_ keyboard: Keyboard) async {
        var decoder = KeyDecoder()
        var bindings = KeyBindings()
        for await bytes in keyboard.input {
            for key in decoder.decode(bytes) {
                switch bindings.press(key) {
                case .toggleMute:
                    isMuted.toggle()
                    partner.perform(isMuted ? .mute : .unmute)
                    await transcript.showMuted(isMuted)
                case .interrupt: partner.perform(.interrupt)
                case .renew: partner.perform(.renew)
                case .talk(let event): await talk(talking.note(event, now: Self.clock.now - Self.start))
                case .nextMode: partner.perform(.mode(talking.nextMode))
                case .signal(let character): Self.raise(character)
                case .quit: hangUp()
                case .send(let text):
                    partner.perform(.say(text))
                    await transcript.showDraft(nil)
                case .showDraft(let text): await transcript.showDraft(text)
                case nil: break
                }
            }
        }
    }

    // MARK: The key to talk

    private static let clock = ContinuousClock()
    private static let start = clock.now

    private func modeChanged(to name: String) async {
        guard let mode = TurnMode(rawValue: name) else { return }
        talking.change(to: mode)
        keyboard?.reportReleases(talking.needsReleases)
        await transcript.showTalking(talking.isTalking)
    }

    private func talk(_ command: ConversationCommand?) async {
        if let command {
            partner.perform(command)
            await transcript.showTalking(talking.isTalking)
        }
        release?.cancel()
        guard let deadline = talking.deadline else { return }
        release = Task {
            guard (try? await Self.clock.sleep(until: Self.start + deadline)) != nil else { return }
            await talk(talking.timePassed(now: Self.clock.now - Self.start))
        }
    }

    /// What the terminal would have made of Ctrl and this character, had it not been asked to tell of all keys.
    private static func raise(_ character: Character) {
        switch character {
        case "c": kill(getpid(), SIGINT)
        case "z": kill(getpid(), SIGTSTP)
        default: kill(getpid(), SIGQUIT)
        }
    }

    /// Keeps the clock of the status line going.
    private static func tick(_ transcript: Transcript) async {
        while (try? await Task.sleep(for: .seconds(1))) != nil { await transcript.tick(now: Environment.now) }
    }

    private func hangUp() {
        partner.perform(.hangUp)
        departure.ask(for: exitOfHanging, now: Self.clock.now)
        arrangeDeparture()
    }

    /// How it ends where the goodbye hangs: as it would have ended in order.
    var exitOfHanging: ExitCode { wasInterruptedEarly ? earlyExit : .success }

    private func arrangeDeparture() {
        way.cancel()
        guard let end = departure.due, let exit = departure.exit else { return }
        way = DispatchWorkItem { [console] in
            console.close()
            console.drain(within: .milliseconds(200))
            Keyboard.restoreTerminal()
            _exit(exit.rawValue)
        }
        let milliseconds = Int((end - Self.clock.now) / .milliseconds(1))
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds), execute: way)
    }
}
