import Events
import Glibc

/// Something wrong with an `Observatory.Plan`, found without running or serving anything.
package struct PlanFlaw: Sendable, Equatable {
    /// The setting's path, such as `hooks.turn.started`.
    package let key: String
    package let error: ObservationError
    /// With it, no assistant starts.
    package let isFatal: Bool
}

extension Observatory.Plan {
    /// What of it cannot work on this machine, in the order of the settings.
    ///
    /// - Parameters:
    ///   - model: that conversations are held with.
    ///   - environment: `HOME` and `PATH` say where programs are.
    package func flaws(model: String, environment: [String: String]) -> [PlanFlaw] {
        costFlaws(model) + metricsFlaws
            + hooks.sorted { $0.key.rawValue < $1.key.rawValue }.compactMap { event, command in
                hookFlaw("hooks.\(event.rawValue)", command, environment)
            }
    }

    private func costFlaws(_ model: String) -> [PlanFlaw] {
        let table: PriceTable
        do throws(ObservationError) {
            table = try priceTable()
        } catch {
            return [PlanFlaw(key: "cost.prices", error: error, isFatal: true)]
        }
        return unpriced(model, in: table) + unreachable
    }

    private func unpriced(_ model: String, in table: PriceTable) -> [PlanFlaw] {
        guard let limited = Budget.Period.allCases.first(where: { limits[$0] != nil }), table.rates(of: model) == nil
        else { return [] }
        return [
            PlanFlaw(
                key: "budget.\(limited.rawValue)",
                error: ObservationError(
                    .settings, "The price table of \(table.date) has no prices for \(model), so that no budget holds.",
                    remedy: "Add the model to a copy of share/vivavoce/prices.yaml, and name that in cost.prices."),
                isFatal: false)
        ]
    }

    /// A budget that a smaller one of a longer time always comes before.
    private var unreachable: [PlanFlaw] {
        [(Budget.Period.session, Budget.Period.day), (.session, .month), (.day, .month)].compactMap { short, long in
            guard let limit = limits[short], let most = limits[long], limit > most else { return nil }
            return PlanFlaw(
                key: "budget.\(short.rawValue)",
                error: ObservationError(
                    .settings,
                    "budget.\(short.rawValue) is more than budget.\(long.rawValue), which is used up before it."),
                isFatal: false)
        }
    }

    private var metricsFlaws: [PlanFlaw] {
        guard let metrics else { return [] }
        do throws(ObservationError) {
            _ = try MetricsAddress(metrics)
            return []
        } catch {
            return [PlanFlaw(key: "metrics.listen", error: error, isFatal: true)]
        }
    }

    private func hookFlaw(_ key: String, _ command: String, _ environment: [String: String]) -> PlanFlaw? {
        guard let line = CommandLine(command, home: environment["HOME"]) else {
            return PlanFlaw(key: key, error: .noCommand(key, command), isFatal: true)
        }
        let places = line.places(path: environment["PATH"])
        guard !places.contains(where: Self.isProgram) else { return nil }
        let isThere = places.contains { access($0, F_OK) == 0 }
        let wrong = isThere ? "\(line.words[0]) may not be executed." : "There is no program \(line.words[0])."
        return PlanFlaw(
            key: key,
            error: ObservationError(
                .settings, wrong,
                remedy: isThere
                    ? "chmod +x it, or begin the command with its interpreter."
                    : "Give its whole path, or put it into a folder of PATH."),
            isFatal: false)
    }

    private static func isProgram(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}

extension ObservationError {
    /// - Parameter key: of the setting, such as `hooks.turn.started`.
    static func noCommand(_ key: String, _ command: String) -> ObservationError {
        ObservationError(
            .settings, "\(key) is no command: \(command.prefix(200))",
            remedy: "Name a program and its arguments, with every quote closed; for a shell's ways, sh -c '…'.")
    }
}
