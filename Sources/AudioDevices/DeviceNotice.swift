package import AudioCore
package import AudioFrontEnd

/// Something about a device that a person may want to know, and that ends nothing.
package enum DeviceNotice: Equatable, Sendable {
    /// The device is open and runs.
    case opened(OpenedDevice)
    /// Its thread has ordinary priority: sound may stutter when the machine is busy. The text says why and what to do.
    case notRealTime(String)
}

/// How a device was opened.
package struct OpenedDevice: Equatable, Sendable {
    /// The name to give to get it.
    package var name: String
    /// The device's own.
    package var rate: SampleRate
    package var channels: Int
    package var format: SampleFormat
    /// Frames at the device's rate.
    package var period: Int
    package var buffer: Int
}
