import ArgumentParser
import Foundation
import Rehearsal

/// What the flags mean.
extension Serve {
    func configuration() throws(RehearsalError) -> RehearsalConfiguration {
        var configuration = RehearsalConfiguration()
        configuration.host = host
        configuration.port = port
        configuration.requiredKey = requireKey
        configuration.refusal = refuse
        configuration.countsResumptions = countResumptions
        configuration.logPath = log
        if let scenario { configuration.scenario = try ScenarioReader.read(path: scenario) }
        configuration.savedInputPath = saveInput
        configuration.format.isPretty = pretty
        configuration.format.hasExtraFields = extraFields
        configuration.format.frames = WireFormat.Frames(rawValue: frames) ?? .binary
        configuration.session.seed = seed
        configuration.session.burst = Double(burst).map { .factor($0) } ?? .unbounded
        configuration.session.chunkMilliseconds = Self.range(chunk) ?? 40...200
        configuration.session.setupDelay = .milliseconds(setupDelay)
        configuration.session.hasLateTranscripts = !promptTranscripts
        configuration.session.handles = withholdHandles ? .withheld : .good
        configuration.session.poisonedShare = poisonHandles
        configuration.hasQuickVoice = quickVoice
        configuration.chaos = chaos.map { Chaos(seed: $0, interval: .seconds(chaosInterval)) }
        setTimes(&configuration)
        configuration.report = { line in FileHandle.standardError.write(Data("vivavoce-rehearsal: \(line)\n".utf8)) }
        return configuration
    }

    private func setTimes(_ configuration: inout RehearsalConfiguration) {
        if timeScale != nil { configuration.setDocumentedLimits() }
        if let connectionLimit { configuration.session.connectionLimit = .seconds(connectionLimit) }
        if let goAwayBefore { configuration.session.goAwayBefore = .seconds(goAwayBefore) }
        if let sessionLimit { configuration.session.sessionLimit = .seconds(sessionLimit) }
        if let videoSessionLimit { configuration.session.videoSessionLimit = .seconds(videoSessionLimit) }
        if let handleLifetime { configuration.handleLifetime = .seconds(handleLifetime) }
        configuration.divideTimes(by: timeScale ?? 1)
    }

    func validate() throws {
        guard WireFormat.Frames(rawValue: frames) != nil else {
            throw ValidationError("--frames is binary, text or mixed, not \(frames).")
        }
        guard burst == "max" || (Double(burst) ?? 0) > 0 else {
            throw ValidationError("--burst is a factor above 0, or max, not \(burst).")
        }
        guard Self.range(chunk) != nil else {
            throw ValidationError("--chunk is milliseconds from 1 to 10000, or a range such as 40-200, not \(chunk).")
        }
        guard refuse.map((400...599).contains) ?? true else {
            throw ValidationError("--refuse is an HTTP status from 400 to 599.")
        }
        guard scenario == nil || chaos == nil else {
            throw ValidationError("--scenario and --chaos exclude each other.")
        }
        guard (timeScale ?? 1) > 0, chaosInterval > 0 else {
            throw ValidationError("--time-scale and --chaos-interval are above 0.")
        }
        guard (0...1).contains(poisonHandles) else { throw ValidationError("--poison-handles is a share, 0 to 1.") }
        guard
            [connectionLimit, goAwayBefore, sessionLimit, videoSessionLimit, handleLifetime].allSatisfy({
                $0.map { $0 >= 0 } ?? true
            }),
            setupDelay >= 0
        else { throw ValidationError("Times cannot be negative.") }
    }

    private static func range(_ text: String) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard (1...2).contains(ends.count), let first = ends.first, let last = ends.last,
            1 <= first, first <= last, last <= 10_000
        else { return nil }
        return first...last
    }
}
