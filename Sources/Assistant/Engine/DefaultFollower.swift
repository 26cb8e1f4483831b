import AudioDevices
import Events
import Synchronization

/// Follows what becomes of devices outside: what is plugged in is tried at once, and where a device that is opened by a
/// name such as `default` leads is told, and kept right, when it changes.
///
/// A sound server carries our streams over by itself, and `SoundServer` says where to. Without one, a name that leads to
/// a card is opened again when it has come to lead to another.
final class DefaultFollower: Sendable {
    private struct State {
        var opened: [Direction: OpenedDevice] = [:]
        var places: [Direction: ServedPlace] = [:]
    }

    private let input: DeviceSupervisor
    private let output: DeviceSupervisor
    private let onTraits: @Sendable (DeviceTraits) -> Void
    private let state = Mutex(State())
    /// One for each time that a served device was opened. Bound: the newest, since one look at the server is enough.
    private let served = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameter onTraits: told what is known of the input that is open.
    init(
        input: DeviceSupervisor, output: DeviceSupervisor,
        onTraits: @escaping @Sendable (DeviceTraits) -> Void = { _ in }
    ) {
        self.input = input
        self.output = output
        self.onTraits = onTraits
    }

    func opened(_ device: OpenedDevice, _ direction: Direction) {
        let place = state.withLock { state in
            state.opened[direction] = device
            return device.isServed ? state.places[direction] : nil
        }
        if direction == .input { onTraits(place.map(DeviceTraits.init(of:)) ?? DeviceTraits(named: device.name)) }
        if device.isServed { served.continuation.yield() }
    }

    /// Until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.followPlugs() }
            group.addTask { await self.followServer() }
        }
    }

    // MARK: Cards

    private func followPlugs() async {
        for await _ in Hotplug.changes() {
            // Files come in bursts, before this user may open them.
            try? await Task.sleep(for: .milliseconds(100))
            for (direction, supervisor) in [(Direction.input, input), (.output, output)] {
                supervisor.devicesChanged()
                guard let device = state.withLock({ $0.opened[direction] }), let card = device.card else { continue }
                let way = direction == .input ? DeviceDirection.input : .output
                // Without a thread to ask on, nothing is known of it until the next plug.
                guard let lookup = try? CardLookup(), let other = await lookup.card(behind: device, way), other != card
                else { continue }
                supervisor.leadsElsewhere("\(device.name) is now the card \(other)")
            }
        }
    }

    // MARK: The sound server

    /// A server is watched for as long as it is there, and looked for when a device that it serves is opened.
    private func followServer() async {
        for await _ in served.stream {
            for await change in SoundServer.changes() {
                switch change {
                case .connected: for supervisor in [input, output] { supervisor.devicesChanged() }
                case .place(let way, let place): note(place, way == .input ? .input : .output)
                }
            }
            state.withLock { $0.places = [:] }
        }
    }

    private func note(_ place: ServedPlace, _ direction: Direction) {
        if direction == .input { onTraits(DeviceTraits(of: place)) }
        let before = state.withLock { $0.places.updateValue(place, forKey: direction) }
        let supervisor = direction == .input ? input : output
        if let before, before.name != place.name {
            supervisor.moved("the sound server goes on with \(place.description)\(place.warning)")
        } else if place.isMonitor, before == nil {
            supervisor.moved("the sound server gives \(place.description)\(place.warning)")
        }
    }
}

extension ServedPlace {
    /// A server without a microphone offers what a loudspeaker plays in its place.
    fileprivate var warning: String {
        isMonitor ? ", which is what a loudspeaker plays and no microphone: answers will be heard as questions" : ""
    }
}
