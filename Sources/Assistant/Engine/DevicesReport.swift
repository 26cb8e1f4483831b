import AudioDevices
import Events

/// What became of which device.
struct DirectedReport: Sendable {
    var direction: Direction
    var report: DeviceReport
}

extension SessionEngine {
    /// Publishes it; of a microphone that is gone or back, the service is told, too.
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
            guard directed.direction == .input else { return }
            switch state {
            case .lost: inputLost()
            case .reopened, .changed, .open: inputReturned()
            case .silent: break
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
