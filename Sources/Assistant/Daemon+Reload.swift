package import Events

/// Settings that are read again while the daemon runs.
///
/// All of them hold or none: where anything is wrong with what was read, those before hold, for the conversation under way
/// and for the next. Each change holds from when its `ReloadClass` says, and `settings.reloaded` tells of them.
extension Daemon {
    /// Reads the settings again and applies what changed.
    ///
    /// - Throws: what is wrong with them, with file, line and key; nothing has changed then.
    package func reload() async throws(AssistantError) -> ReloadReport {
        let report = try await announced()
        tell(.settingsReloaded(report))
        return report
    }

    /// The same for whoever cannot be answered: what is wrong is told as a warning.
    package func reloadOrTell() async {
        do throws(AssistantError) {
            _ = try await reload()
        } catch {
            tellRefusal(error)
        }
    }

    /// Does the same whenever files were changed, where that is wanted, until the task is cancelled. Files that say what
    /// they said before are nothing to tell of.
    package func follow(_ watch: SettingsWatch) async {
        await watch.run { error in
            await self.tellUnwatched(error)
        } onChange: {
            await self.filesChanged()
        }
    }

    private func tellUnwatched(_ error: AssistantError) {
        guard plan.settings.settings.config.isWatched else { return }
        tell(.warning(Problem(code: "settings.notWatched", message: error.message, remedy: error.remedy)))
    }

    func filesChanged() async {
        guard plan.settings.settings.config.isWatched else { return }
        do throws(AssistantError) {
            let report = try await announced()
            if !report.isEmpty { tell(.settingsReloaded(report)) }
        } catch {
            tellRefusal(error)
        }
    }

    private func announced() async throws(AssistantError) -> ReloadReport {
        await announceReload(true)
        let outcome = Result { () throws(AssistantError) in try apply() }
        await announceReload(false)
        return try outcome.get()
    }

    private func apply() throws(AssistantError) -> ReloadReport {
        let next = try read()
        try next.settings.checkDevices()
        let change = SettingsChange(from: plan.settings, to: next.settings)
        plan = next
        next.hold()
        log.level = next.settings.settings.log.level
        standing.yield(to: change.changed)
        for command in change.commands { partner?.perform(command) }
        if !isHeard, change.changed.contains(where: { $0.path == SettingKey.mode.path }) { tellStanding() }
        return change.report
    }

    private func tellRefusal(_ error: AssistantError) {
        tell(.warning(Problem(code: "settings.notApplied", message: error.message, remedy: error.remedy)))
    }
}
