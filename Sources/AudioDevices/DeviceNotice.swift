package import AudioCore
package import AudioFrontEnd
import Glibc

/// Something about a device that a person may want to know, and that ends nothing.
package enum DeviceNotice: Equatable, Sendable {
    /// The device is open and runs.
    case opened(OpenedDevice)
    /// The first sound has come or gone since it was opened; or it is muted, and none can.
    case works
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
    /// The id of the sound card behind it; nil where a sound server, or no card at all, is.
    package var card: String?
    /// A plugin leads to a sound server, which may carry the stream over to another device.
    package var isServed = false

    /// In words: `48000 Hz, 1 channel, period 480`.
    package var summary: String { "\(rate), \(channels) channel\(channels == 1 ? "" : "s"), period \(period)" }
}

extension OpenedDevice {
    init(name: String, _ pcm: borrowing ALSAPCM) {
        let configuration = pcm.configuration
        self.init(
            name: name, rate: configuration.rate, channels: configuration.channels, format: configuration.format,
            period: configuration.period, buffer: configuration.buffer, card: pcm.card, isServed: pcm.isServed)
    }
}

extension DeviceNotice {
    /// Gives the calling thread real-time priority, and those that carry its sound to a sound server; or ordinary priority
    /// back.
    /// - Returns: what to tell when the system refused.
    static func forRealTime(_ isRealTime: Bool) -> DeviceNotice? {
        let code = DeviceThread.setRealTime(isRealTime)
        if isRealTime, code == 0 { ServerThreads.beInRealTime() }
        guard isRealTime, code != 0 else { return nil }
        let reason = String(cString: strerror(code))
        return .notRealTime(
            "no real-time priority for the sound device: \(reason). Sound may stutter on a busy machine; "
                + "a limit (rtprio) of 1 or more for this user in /etc/security/limits.d helps")
    }
}
