import AudioDevices
import Events

/// Looks after what is plugged in and out: what is waited for is tried at once, and `default` is followed to another
/// card.
struct DefaultFollower: Sendable {
    let input: DeviceSupervisor
    let output: DeviceSupervisor

    /// Until the task is cancelled.
    func run() async {
        for await _ in Hotplug.changes() {
            // Files come in bursts, before the user may open them; half of the second within which a device is to be
            // back is for that and for opening it.
            try? await Task.sleep(for: .milliseconds(100))
            for supervisor in [input, output] { supervisor.devicesChanged() }
        }
    }
}
