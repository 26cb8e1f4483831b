/// Asks ALSA about the cards behind names of devices. A thread of its own may wait for the answers.
package actor CardLookup {
    private let thread: DeviceThread
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Throws: when the system has no thread left.
    package init() throws(DeviceError) { thread = try DeviceThread(name: "vv-lookup") }

    /// The same device by a name that stays when it is plugged in again under another number.
    ///
    /// - Returns: nil when the name is one already, or no card has the number that it gives.
    package func stableName(of device: DeviceSpec) -> DeviceSpec? {
        guard case .alsa(let name) = device else { return nil }
        return SoundCards.stableName(of: name).map { .alsa($0) }
    }

    /// Which card a name leads to now, found out by opening it for a moment.
    ///
    /// - Returns: the id of the card; nil when it cannot be opened: then it is the one that we hold ourselves, or nobody
    ///   can have it.
    package func card(behind device: OpenedDevice, _ direction: DeviceDirection) -> String? {
        guard case .alsa(let name) = try? DeviceSpec(parsing: device.name, for: direction), let wake = try? Wake()
        else {
            return nil
        }
        return try? ALSAPCM.open(name, for: direction, wake: wake, unless: { false })?.card
    }
}
