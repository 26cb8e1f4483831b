/// A device that could not be named, opened, or kept. Programs switch on `code`; people read `description`.
package struct DeviceError: Error, Equatable, CustomStringConvertible, Sendable {
    package enum Code: Equatable, Sendable {
        /// What was asked for makes no sense, such as a tone to play to.
        case usage
        /// No such device; the list is what exists, as names to give.
        case unknown(available: [String])
        case busy
        case unplugged
        /// An input file that is not there.
        case missingFile
        /// A file that is no WAV, or one that cannot be read as sound.
        case badFormat
        case permission
        /// The device gives or takes nothing any more, and says nothing about it.
        case stalled
        /// The device's clock is not the rate that it claims, in frames a second as measured.
        case wrongRate(measured: Int)
        /// Nobody reads our pipe any more.
        case readerGone
        /// Reading or writing failed, on a file, a pipe or a device.
        case inputOutput
        /// The device ran dry or over, and could not be started again.
        case xrun
        case other
    }

    package let code: Code
    /// What was tried and what came back.
    package let message: String
    /// What to do about it; nil when there is nothing sensible to say.
    package let remedy: String?
    /// The system's or ALSA's error number, positive; nil when there was none.
    package let errno: CInt?

    package init(_ code: Code, _ message: String, remedy: String? = nil, errno: CInt? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.errno = errno
    }

    package var description: String {
        guard let remedy else { return message }
        return "\(message). \(remedy)"
    }
}
