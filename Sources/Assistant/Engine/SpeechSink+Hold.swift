/// Stands in for the silencing of an answer.
extension SpeechSink {
    package func hold() {}
    package func letGoOn() {}
    package var isHeld: Bool { false }
}
