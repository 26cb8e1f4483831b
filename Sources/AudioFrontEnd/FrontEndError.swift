import CSpeexDSP

/// A signal processing stage that could not be made.
package struct FrontEndError: Error, Equatable, CustomStringConvertible {
    package enum Code: Equatable, Sendable { case resampler, voice }
    package let code: Code
    /// What was tried, and what the library said.
    package let description: String

    init(_ code: Code, _ tried: String, speex result: CInt) {
        self.code = code
        let reason = speex_resampler_strerror(result).map { String(cString: $0) } ?? "code \(result)"
        description = "\(tried): \(reason)"
    }

    init(_ code: Code, _ tried: String, webRTC result: CInt) {
        self.code = code
        description = "\(tried): webrtc-audio-processing says \(result)"
    }
}
