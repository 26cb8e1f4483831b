/// What became of the device of one direction, in the words of the event `audio.device`.
package enum DeviceReport: Equatable, Sendable {
    package enum State: String, Sendable, Hashable {
        /// It works: for the first time, or sound has come back where there was none.
        case open
        /// It is gone, and will be opened again.
        case lost
        /// It works again.
        case reopened
        /// Another device, or the same one in another way: the reason says which.
        case changed
        /// It brings nothing but zeros.
        case silent
    }

    /// - Parameters:
    ///   - device: the name to give to get it.
    ///   - reason: for people: what happened, and what to do about it where something can be done.
    case state(State, device: String, reason: String?)
    /// How it was opened; no sound has come or gone yet.
    case opened(OpenedDevice)
    /// Something could not be done; the device that runs, or the attempts to open one, go on.
    case problem(DeviceError)
    /// Its thread has ordinary priority: the text says why and what to do. Told once.
    case notRealTime(String)
}
