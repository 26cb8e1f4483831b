import AudioCore
import CALSA
import Glibc

extension Duration {
    /// Such as `3.5`, for people.
    fileprivate var inSeconds: String {
        let tenths = Int((self / .milliseconds(100)).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}

extension DeviceError {
    /// What a failed call means for whoever chose the device.
    ///
    /// - Parameters:
    ///   - result: negative, as ALSA returned it.
    ///   - tried: what was tried, such as `cannot open`.
    static func alsa(_ result: Int, _ tried: String, _ name: String) -> DeviceError {
        let number = CInt(clamping: -result)
        let code: Code =
            switch number {
            case EBUSY: .busy
            case ENODEV, ENXIO: .unplugged
            case EACCES, EPERM: .permission
            case EPIPE, ESTRPIPE: .xrun
            default: .other
            }
        return alsa(code, name, errno: number, tried: tried)
    }

    /// - Parameter code: what it was found to mean.
    static func alsa(_ code: Code, _ name: String, errno number: CInt, tried: String = "lost") -> DeviceError {
        let reason = String(cString: snd_strerror(-number))
        let message = "\(tried) \(name): \(reason)"
        let remedy: String? =
            switch code {
            case .busy: "Another program holds it: close that one, or use default, which several can share"
            case .unplugged: "Plug it in or start its sound server again, or choose another with ? as the device"
            case .permission: "Add this user to the group audio"
            default: "Choose another with ? as the device"
            }
        return DeviceError(code, message, remedy: remedy, errno: number)
    }

    static func stalled(_ name: String, direction: DeviceDirection) -> DeviceError {
        let what = direction == .input ? "brings no sound" : "takes no sound"
        let seconds = StallWatch.patience.components.seconds
        return DeviceError(
            .stalled, "\(name) has been open but \(what) for \(seconds) s",
            remedy: "Choose another with ? as the device")
    }

    /// - Parameters:
    ///   - name: of a device whose thread does not come back.
    ///   - patience: how long that has been so.
    static func stuck(_ name: String, for patience: Duration) -> DeviceError {
        DeviceError(
            .stalled, "\(name) does not answer: a call to it has not come back for \(patience.inSeconds) s",
            remedy: "If a sound server is behind it, start that again")
    }

    /// - Parameters:
    ///   - name: of a device whose thread does not come back.
    ///   - next: which is to be opened in its place.
    static func stuck(_ name: String, before next: String) -> DeviceError {
        DeviceError(
            .stalled, "\(name) does not answer: a call to it has not come back. \(next) is opened when it has",
            remedy: "If a sound server is behind \(name), start that again")
    }

    /// - Parameter patience: how long was waited.
    static func stuckOpening(_ name: String, patience: Duration) -> DeviceError {
        DeviceError(
            .stalled, "\(name) could not be opened in \(patience.inSeconds) s: it does not answer",
            remedy: "If a sound server is behind it, start that again")
    }

    static func wrongRate(
        _ name: String, claimed: SampleRate, measured: Int, direction: DeviceDirection
    ) -> DeviceError {
        let does = direction == .input ? "brings" : "takes"
        return DeviceError(
            .wrongRate(measured: measured),
            "\(name) says that it runs at \(claimed), but \(does) \(measured) frames a second",
            remedy: "Choose another with ? as the device")
    }
}
