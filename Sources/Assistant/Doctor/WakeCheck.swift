import AudioDevices
import Events
import LiveSession
import Logging

/// Whether the detector of the wake word can be started.
package enum WakeCheck {
    /// A program that lacks something ends within that time.
    private static let patience = Duration.seconds(2)

    /// Starts the detector, lets it hear nothing for a while, and ends it.
    ///
    /// - Returns: nil where none is set.
    package static func finding(_ settings: Settings, environment: [String: String]) async -> Finding? {
        await finding(settings, environment: environment, within: patience)
    }

    static func finding(
        _ settings: Settings, environment: [String: String], within patience: Duration
    ) async -> Finding? {
        let wake = settings.wake
        guard settings.turns.mode == .wake || wake.command != nil else { return nil }
        let words =
            wake.command.map { "\(Redaction.quote($0)) was started" } ?? "the built-in one knows “\(wake.phrase)”"
        let ear: WakeEar
        do throws(DeviceError) {
            ear = try WakeEar()
        } catch {
            return Finding("wake word", .failed, error.message, remedy: error.remedy, exit: .unavailable)
        }
        let warnings = AsyncStream.makeStream(of: Problem.self, bufferingPolicy: .bufferingOldest(1))
        let time = EngineTime.ofMachine()
        let detector = wake.detector(
            hearing: ear, environment: environment, time: time, log: Logger(label: "wake"),
            warn: { warnings.continuation.yield($0) })
        return await withTaskGroup(of: Finding?.self) { group in
            group.addTask {
                do throws(AssistantError) {
                    try await detector.run { _ in }
                    return nil
                } catch {
                    // A conversation that does not need the word goes on without it.
                    guard settings.turns.mode != .wake else { return Finding("wake word", failed: error) }
                    return Finding("wake word", .warning, error.message, remedy: error.remedy)
                }
            }
            group.addTask {
                for await problem in warnings.stream {
                    return Finding("wake word", .warning, problem.message, remedy: problem.remedy)
                }
                return nil
            }
            group.addTask {
                await time.sleep(time.now() + patience)
                return Finding("wake word", .ok, words)
            }
            var found: Finding?
            while found == nil, let next = await group.next() { found = next }
            group.cancelAll()
            return found
        }
    }
}
