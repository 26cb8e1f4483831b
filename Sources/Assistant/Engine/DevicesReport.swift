import AudioDevices
import Events

/// What became of which device.
struct DirectedReport: Sendable {
    var direction: Direction
    var report: DeviceReport

    /// The device that works from here on; nil where it tells of something else.
    var working: DeviceSpec? {
        guard case .state(let state, let name, _) = report, state != .lost, state != .silent else { return nil }
        return device(name)
    }

    /// The device that was opened, and of which no sound has come or gone yet; nil where it tells of something else.
    var opened: DeviceSpec? {
        guard case .opened(let opened) = report else { return nil }
        return device(opened.name)
    }

    private func device(_ name: String) -> DeviceSpec? {
        try? DeviceSpec(parsing: name, for: direction == .input ? .input : .output)
    }
}

extension SessionEngine {
    /// Publishes it; of a device that is gone or back the engine is told, too.
    nonisolated func tell(_ directed: DirectedReport) {
        switch directed.report {
        case .opened: break
        case .problem(let error):
            tell(.warning(Problem(code: "audio.device", message: error.message, remedy: error.remedy)))
        case .notRealTime(let reason): tell(.warning(Problem(code: "audio.notRealTime", message: reason)))
        case .state(let state, let device, let reason):
            tell(
                .audioDevice(
                    direction: directed.direction, device: device, state: DeviceState(state), reason: reason))
            switch (directed.direction, state) {
            case (.input, .lost): inputLost()
            case (.input, .reopened), (.input, .changed), (.input, .open): inputReturned()
            case (.output, .lost): outputAway(true)
            case (.output, .reopened), (.output, .changed), (.output, .open): outputAway(false)
            case (_, .silent): break
            }
        }
    }
}

extension DeviceState {
    fileprivate init(_ state: DeviceReport.State) {
        self =
            switch state {
            case .open: .open
            case .lost: .lost
            case .reopened: .reopened
            case .changed: .changed
            case .silent: .silent
            }
    }
}
