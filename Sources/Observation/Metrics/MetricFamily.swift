/// One family of the page: its name, what it counts, and how. The table `all` is what the page and the dashboard hold to.
package struct MetricFamily: Sendable, Equatable {
    package enum Kind: String, Sendable, Hashable { case counter, gauge, histogram }

    package let name: String
    package let kind: Kind
    package let help: String

    private init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = "vivavoce_" + name
        self.kind = kind
        self.help = help
    }

    static let firstAudio = MetricFamily(
        "first_audio_seconds", .histogram,
        "From the end of the user's speech to the first sound of the answer at the output, as our voice detector and our "
            + "playback clock have it: the end of the user's transcript.final and the begin of the model's that follows. "
            + "Typed questions are left out.")
    static let conversations = MetricFamily(
        "conversations_total", .counter, "Conversations that became live.")
    static let turns = MetricFamily("turns_total", .counter, "Turns begun, by who spoke.")
    static let interruptions = MetricFamily(
        "interruptions_total", .counter, "Answers that were cut short, by the user or on request.")
    static let underruns = MetricFamily(
        "underruns_total", .counter, "Gaps in mid-answer because speech did not arrive in time.")
    static let xruns = MetricFamily(
        "xruns_total", .counter,
        "Times a device ran dry or over: because we came too late (ours), or by a sound server's doing (server).")
    static let xrunLate = MetricFamily(
        "xrun_late_seconds_total", .counter, "By how much we came too late where a device ran dry or over.")
    static let dropped = MetricFamily(
        "dropped_seconds_total", .counter, "Sound that was dropped: of the user (input) or of the answers (output).")
    static let reconnects = MetricFamily(
        "reconnects_total", .counter, "Connections that took over a session, by why the one before was left.")
    static let reconnectGap = MetricFamily(
        "reconnect_gap_seconds", .histogram,
        "For how long no connection was usable when one took over from another.")
    static let reconnectLost = MetricFamily(
        "reconnect_lost_seconds_total", .counter, "Voice of the user that was lost at such changes.")
    static let tokens = MetricFamily(
        "tokens_total", .counter, "Tokens that the service told of, by direction and modality.")
    static let cost = MetricFamily(
        "estimated_cost_total", .counter, "What was spent since the start, as the price table has it.")
    static let periodCost = MetricFamily(
        "estimated_cost", .gauge,
        "What was spent in this conversation (session), on this day and in this month, as the price table has it.")
    static let state = MetricFamily("state", .gauge, "1 for the state that the assistant is in, 0 for the others.")
    static let muted = MetricFamily("muted", .gauge, "1 while the microphone is not read.")
    static let level = MetricFamily(
        "level_decibels", .gauge, "The last level measured, relative to full scale; absent before the first.")
    static let problems = MetricFamily("problems_total", .counter, "Warnings and errors that were told.")

    /// Every family, in the order of the page.
    package static let all: [MetricFamily] = [
        firstAudio, conversations, turns, interruptions, underruns, xruns, xrunLate, dropped, reconnects, reconnectGap,
        reconnectLost, tokens, cost, periodCost, state, muted, level, problems,
    ]
}
