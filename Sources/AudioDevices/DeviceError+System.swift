import AudioCore
import AudioFrontEnd
import Glibc

extension DeviceError {
    /// What an `errno` of a file or pipe means for whoever named it.
    ///
    /// - Parameters:
    ///   - tried: the beginning of a sentence, such as `cannot read question.wav`.
    ///   - missing: which code a path that is not there gets.
    static func system(_ tried: String, errno number: CInt, missing: Code = .inputOutput) -> DeviceError {
        let message = "\(tried): \(String(cString: strerror(number)))"
        switch number {
        case ENOENT, ENOTDIR:
            return DeviceError(missing, message, remedy: "Check the path", errno: number)
        case EACCES, EPERM, EROFS:
            return DeviceError(.permission, message, remedy: "Check the permissions of the path", errno: number)
        case EPIPE:
            return DeviceError(.readerGone, message, errno: number)
        default:
            return DeviceError(.inputOutput, message, errno: number)
        }
    }

    /// - Parameter name: of the thread that cannot be had.
    static func noThread(_ name: String, errno number: CInt) -> DeviceError {
        DeviceError(
            .other, "the system has no thread left for \(name): \(String(cString: strerror(number)))",
            remedy: "End other programs, or raise the limit of tasks (ulimit -u; TasksMax of the service)",
            errno: number)
    }
}

extension Resampler {
    /// As the plain one, with this module's error.
    init(between from: SampleRate, and to: SampleRate) throws(DeviceError) {
        do {
            self = try Resampler(from: from, to: to)
        } catch {
            throw DeviceError(.other, error.description, remedy: "Choose a device or file with a common rate")
        }
    }
}
