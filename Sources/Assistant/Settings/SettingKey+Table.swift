import Events
import LiveSession

extension SettingKey {
    package static let endpoint = SettingKey(
        path: "service.endpoint", flag: "endpoint", placeholder: "URL", accepts: .address,
        preset: ServiceAddress.developerAPI.description, reload: .nextSession, summary: "where the service listens")
    package static let apiVersion = SettingKey(
        path: "service.apiVersion", flag: "api-version", placeholder: "V",
        accepts: .word("a version such as v1beta"), preset: nil, reload: .nextSession,
        summary: "version of the Live API to speak (default: v1beta, and v1alpha with a token)")
    package static let caFile = SettingKey(
        path: "service.caFile", flag: "ca-file", placeholder: "FILE", accepts: .text("a PEM file"), preset: nil,
        reload: .nextSession,
        summary: "certificates to trust beside the system's")
    package static let proxy = SettingKey(
        path: "service.proxy", flag: "proxy", placeholder: "URL", accepts: .proxy, preset: nil, reload: .nextSession,
        summary: "HTTP proxy to go through (default: https_proxy and no_proxy decide)")
    package static let keyFile = SettingKey(
        path: "service.keyFile", flag: "key-file", placeholder: "FILE", accepts: .text("a file"), preset: nil,
        reload: .nextSession,
        summary:
            "file that holds the key (default: VIVAVOCE_KEY, GEMINI_API_KEY, GOOGLE_API_KEY, then the stored key)")
    package static let tokenCommand = SettingKey(
        path: "service.tokenCommand", flag: "token-command", placeholder: "CMD", accepts: .text("a command"),
        preset: nil, reload: .nextSession,
        summary: "command that prints a token (auth_tokens/…), run for each connection, instead of any key")
    package static let model = SettingKey(
        path: "service.model", flag: "model", placeholder: "NAME", accepts: .text("a model's name"), preset: nil,
        reload: .nextSession,
        summary: "model to talk to (default: the newest generally available live model; see `vivavoce models`)")

    package static let voice = SettingKey(
        path: "persona.voice", flag: "voice", placeholder: "NAME", accepts: .word("a voice's name, one word"),
        preset: nil, reload: .nextSession,
        summary: "voice to answer with (default: the service's choice)")
    package static let language = SettingKey(
        path: "persona.language", flag: "language", placeholder: "TAG", accepts: .word("a tag such as en-US"),
        preset: nil, reload: .nextSession, summary: "language to speak, such as en-US (default: the service's choice)")
    package static let system = SettingKey(
        path: "persona.system", flag: "system", placeholder: "TEXT|@FILE", accepts: .text("a text, or @FILE"),
        preset: nil, reload: .nextSession, summary: "instructions for the model, or @ and a file that holds them")

    package static let hearLanguages = SettingKey(
        path: "transcription.languages", flag: "hear-languages", placeholder: "TAG,…",
        accepts: .text("tags such as en-US,de-DE"), preset: nil, reload: .nextSession,
        summary: "languages to write down what you say in, for models that take them; others are told of")
    package static let vocabulary = SettingKey(
        path: "transcription.vocabulary", flag: "vocabulary", placeholder: "WORD,…",
        accepts: .text("words and names, separated by commas"), preset: nil, reload: .nextSession,
        summary: "words and names to listen for, for models that take them")

    package static let input = SettingKey(
        path: "audio.input", flag: "input", placeholder: "DEV", accepts: .device, preset: "default", reload: .now,
        summary: "where your voice comes from; ? lists the choices")
    package static let output = SettingKey(
        path: "audio.output", flag: "output", placeholder: "DEV", accepts: .device, preset: "default", reload: .now,
        summary: "where the answer goes; ? lists the choices")

    package static let echoCancellation = SettingKey(
        path: "audio.echoCancellation", flag: "echo-cancellation", placeholder: "auto|on|off",
        accepts: .oneOf(automatic), preset: "auto", reload: .nextSession,
        summary: "remove the loudspeaker's sound from your voice; auto: unless the device does that")
    package static let noiseSuppression = SettingKey(
        path: "audio.noiseSuppression", flag: "noise-suppression", placeholder: "auto|on|off",
        accepts: .oneOf(automatic), preset: "auto", reload: .nextSession,
        summary: "remove steady noise from your voice; auto: unless the device does that")
    package static let highPass = SettingKey(
        path: "audio.highPass", flag: "high-pass", placeholder: "on|off", accepts: .oneOf(switched), preset: "on",
        reload: .nextSession,
        summary: "remove rumble below speech from your voice")
    package static let gainControl = SettingKey(
        path: "audio.gainControl", flag: "gain-control", placeholder: "on|off", accepts: .oneOf(switched),
        preset: "off", reload: .nextSession, summary: "bring your voice to an even level; it distorts a little")
    package static let volume = SettingKey(
        path: "audio.volume", flag: "volume", placeholder: "PERCENT", accepts: .wholeNumber(0...100), preset: nil,
        reload: .now,
        summary: "how loud the answer is, in percent (default: 100, and a mixer stays as it is)")
    package static let mixer = SettingKey(
        path: "audio.mixer", flag: "mixer", placeholder: "NAME", accepts: .text("a mixer control such as Master"),
        preset: nil, reload: .nextSession,
        summary: "mixer control of the output that sets the volume (default: the volume is ours)")
    package static let cues = SettingKey(
        path: "audio.cues", flag: "cues", placeholder: "auto|on|off", accepts: .oneOf(automatic), preset: "auto",
        reload: .now,
        summary: "chimes that tell of what happens; auto: in wake mode, and where there is no terminal")
    package static let restAfter = SettingKey(
        path: "audio.restSeconds", flag: "rest-after", placeholder: "SECONDS", accepts: .wholeNumber(0...86_400),
        preset: "30", reload: .nextSession,
        summary: "after how long without use the devices rest, while you are muted, asleep, or do not press the key to "
            + "talk; 0: never")

    package static let mode = SettingKey(
        path: "turns.mode", flag: "mode", placeholder: "MODE", accepts: .oneOf(TurnMode.allCases.map(\.rawValue)),
        preset: "open", reload: .now,
        summary: "when you are heard: open (always), local (when our detector hears you), hold or toggle (push to "
            + "talk), wake (after the wake word), half (not while the answer plays)")
    package static let silence = SettingKey(
        path: "turns.silenceMilliseconds", flag: "silence", placeholder: "MS", accepts: .wholeNumber(1...60_000),
        preset: nil, reload: .nextSession,
        summary: "quiet that ends your turn, in milliseconds (default: the service's choice)")
    package static let startSensitivity = SettingKey(
        path: "turns.startSensitivity", flag: "start-sensitivity", placeholder: "low|high",
        accepts: .oneOf(["low", "high"]), preset: nil, reload: .nextSession,
        summary: "how readily sound is taken for speech (default: the service's choice)")
    package static let endSensitivity = SettingKey(
        path: "turns.endSensitivity", flag: "end-sensitivity", placeholder: "low|high",
        accepts: .oneOf(["low", "high"]), preset: nil, reload: .nextSession,
        summary: "how readily quiet is taken for the end of your turn (default: the service's choice)")

    package static let prefixPadding = SettingKey(
        path: "turns.prefixPaddingMilliseconds", flag: "prefix-padding", placeholder: "MS",
        accepts: .wholeNumber(0...10_000), preset: nil, reload: .nextSession,
        summary: "speech that must be heard before your turn counts as begun, in milliseconds (default: the service's "
            + "choice)")
    package static let coverage = SettingKey(
        path: "turns.coverage", flag: "coverage", placeholder: "activity|all|activityAndVideo",
        accepts: .oneOf(["activity", "all", "activityAndVideo"]), preset: nil, reload: .nextSession,
        summary: "what of the input belongs to your turn (default: the service's choice)")
    package static let bargeIn = SettingKey(
        path: "turns.bargeIn", flag: "barge-in", placeholder: "local|service|off",
        accepts: .oneOf(Settings.Turns.BargeIn.allCases.map(\.rawValue)), preset: "local", reload: .nextSession,
        summary: "what your speaking over the answer does: local (silences it at once), service (when the service says "
            + "so), off (nothing; you are answered afterwards)")

    package static let wakePhrase = SettingKey(
        path: "wake.phrase", flag: "wake-phrase", placeholder: "WORDS", accepts: .text("English words"),
        preset: "hello vivavoce", reload: .nextSession, summary: "what the built-in demonstration detector listens for")
    package static let wakeThreshold = SettingKey(
        path: "wake.threshold", flag: "wake-threshold", placeholder: "NUMBER", accepts: .probability,
        preset: "1e-50", reload: .nextSession,
        summary: "how easily the demonstration detector believes it heard the phrase: smaller is easier")
    package static let wakeCommand = SettingKey(
        path: "wake.command", flag: "wake-command", placeholder: "COMMAND", accepts: .text("a command line"),
        preset: nil, reload: .nextSession,
        summary: "program that reads 16 kHz PCM and prints a line when it hears the wake word (default: the "
            + "demonstration detector)")
    package static let followUp = SettingKey(
        path: "wake.followUpSeconds", flag: "follow-up", placeholder: "SECONDS", accepts: .wholeNumber(1...600),
        preset: "8", reload: .nextTurn, summary: "how long you are heard without the wake word after an answer")
    package static let wakeIdle = SettingKey(
        path: "wake.idleSeconds", flag: "wake-idle", placeholder: "SECONDS", accepts: .wholeNumber(0...86_400),
        preset: "30", reload: .now, summary: "how long the connection is kept while asleep")

    package static let setupTimeout = SettingKey(
        path: "session.setupTimeoutSeconds", flag: "setup-timeout", placeholder: "SECONDS",
        accepts: .wholeNumber(1...600), preset: "10", reload: .nextSession,
        summary: "how long the service may take to accept the setup")
    package static let answerTimeout = SettingKey(
        path: "session.answerTimeoutSeconds", flag: "answer-timeout", placeholder: "SECONDS",
        accepts: .wholeNumber(1...600), preset: "10", reload: .nextSession,
        summary: "how long an answer may take to begin before the connection is changed")
    package static let recovery = SettingKey(
        path: "session.recoverySeconds", flag: "recover-for", placeholder: "SECONDS",
        accepts: .wholeNumber(1...86_400), preset: "30", reload: .nextSession,
        summary: "how long a lost session is tried to be brought back")
    package static let connectionLimit = SettingKey(
        path: "session.connectionLimitSeconds", flag: "connection-limit", placeholder: "SECONDS",
        accepts: .wholeNumber(10...86_400), preset: nil, reload: .nextSession,
        summary: "how long the service keeps one connection, which is left in time (default: as known of the model)")

    package static let store = SettingKey(
        path: "archive.store", flag: "store", placeholder: "on|off", accepts: .oneOf(switched), preset: "on",
        reload: .nextSession,
        summary: "keep what is said, for `vivavoce transcripts`; --no-store is short for off")
    package static let recordings = SettingKey(
        path: "archive.recordings", flag: "record", placeholder: "DIR", accepts: .text("a directory"), preset: nil,
        reload: .nextSession,
        summary: "record the sound of both sides, in a directory of its own for each conversation (default: not)")
    package static let recordingRate = SettingKey(
        path: "archive.kilobitsPerSecond", flag: "record-rate", placeholder: "KBIT", accepts: .wholeNumber(24...256),
        preset: "48", reload: .nextSession, summary: "size of recordings; 24 merges the two speakers")
    package static let recordingHours = SettingKey(
        path: "archive.rotateHours", flag: "record-hours", placeholder: "HOURS", accepts: .wholeNumber(1...168),
        preset: nil, reload: .nextSession, summary: "begin another file of a recording after so long (default: never)")
    package static let recordingSize = SettingKey(
        path: "archive.rotateMegabytes", flag: "record-size", placeholder: "MB", accepts: .wholeNumber(1...100_000),
        preset: nil, reload: .nextSession,
        summary: "begin another file of a recording when one is so large (default: never)")
    package static let keepDays = SettingKey(
        path: "archive.keepDays", flag: "keep-days", placeholder: "DAYS", accepts: .wholeNumber(1...36_500),
        preset: nil, reload: .nextSession, summary: "delete conversations that ended longer ago (default: never)")
    package static let keepSize = SettingKey(
        path: "archive.keepMegabytes", flag: "keep-size", placeholder: "MB", accepts: .wholeNumber(1...10_000_000),
        preset: nil, reload: .nextSession,
        summary: "delete the oldest conversations when the record is larger (default: never)")

    package static let prices = SettingKey(
        path: "cost.prices", flag: "prices", placeholder: "FILE", accepts: .text("a price table"), preset: nil,
        reload: .restart, summary: "what tokens cost, as config/prices.yaml has it (default: that table)")
    package static let sessionBudget = SettingKey(
        path: "budget.session", flag: "session-budget", placeholder: "AMOUNT", accepts: .amount, preset: nil,
        reload: .now,
        summary: "what a conversation may cost before it is ended, in the price table's currency (default: anything)")
    package static let dayBudget = SettingKey(
        path: "budget.day", flag: "day-budget", placeholder: "AMOUNT", accepts: .amount, preset: nil,
        reload: .now, summary: "what a day may cost before no more is held (default: anything)")
    package static let monthBudget = SettingKey(
        path: "budget.month", flag: "month-budget", placeholder: "AMOUNT", accepts: .amount, preset: nil,
        reload: .now, summary: "what a month may cost before no more is held (default: anything)")
    package static let metricsListen = SettingKey(
        path: "metrics.listen", flag: "metrics", placeholder: "HOST:PORT|PATH",
        accepts: .text("this machine's address and a port, such as 127.0.0.1:9464, or the path of a socket"),
        preset: nil, reload: .restart,
        summary: "where a page for Prometheus is served, to this machine only (default: nowhere)")

    package static let logLevel = SettingKey(
        path: "log.level", flag: "log-level", placeholder: "LEVEL",
        accepts: .oneOf(["trace", "debug", "info", "notice", "warning", "error", "critical"]), preset: "warning",
        reload: .now,
        summary: "what is logged to stderr: this and what is graver")

    package static let watch = SettingKey(
        path: "config.watch", flag: "watch-config", placeholder: "on|off", accepts: .oneOf(switched), preset: "on",
        reload: .now, summary: "the daemon reads its settings files again when they are saved")

    /// Every setting, in the order in which files and listings show them.
    package static let all: [SettingKey] = [
        endpoint, apiVersion, caFile, proxy, keyFile, tokenCommand, model, voice, language, system, hearLanguages,
        vocabulary, input,
        output,
        echoCancellation, noiseSuppression, highPass, gainControl, volume, mixer, cues, restAfter, mode, silence,
        startSensitivity,
        endSensitivity,
        prefixPadding, coverage, bargeIn, wakePhrase, wakeThreshold, wakeCommand, followUp, wakeIdle, setupTimeout,
        answerTimeout, recovery, connectionLimit, store,
        recordings, recordingRate, recordingHours, recordingSize, keepDays, keepSize, prices, sessionBudget, dayBudget,
        monthBudget, metricsListen, logLevel, watch,
    ]

    /// A program for each event, named in a file's section `hooks`, a variable, or `--hook EVENT=COMMAND`.
    package static let hooks: [SettingKey] = EventName.allCases.map { event in
        SettingKey(
            path: "hooks.\(event.rawValue)", flag: "hook", placeholder: "EVENT=COMMAND",
            accepts: .text("a command line"),
            preset: nil, reload: .restart, summary: "program that is run at the event \(event.rawValue)")
    }

    private static let automatic = Settings.Automatic.allCases.map(\.rawValue)
    private static let switched = ["on", "off"]

    package static func named(_ path: String) -> SettingKey? { (all + hooks).first { $0.path == path } }
}
