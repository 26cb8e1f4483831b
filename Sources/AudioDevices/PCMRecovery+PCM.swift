import Glibc

extension PCMRecovery {
    /// Does what the table says about a call that failed.
    ///
    /// - Parameters:
    ///   - code: negative, as the call returned it.
    ///   - name: of the device, for the error.
    ///   - restarting: also starts the device, which a capture needs and a playback does by itself.
    /// - Returns: whether sound was lost and the device begins anew, which is an xrun and for the caller to count.
    /// - Throws: when the device is gone or broken.
    mutating func recover<Device: PCM & ~Copyable>(
        _ pcm: inout Device, from code: Int, name: String, restarting: Bool
    ) throws(DeviceError) -> Bool {
        let number = CInt(clamping: -code)
        switch action(errno: number, state: pcm.state) {
        case .retry:
            return false
        case .fail(let reason):
            throw .alsa(reason, name, errno: number)
        case .resume:
            // EAGAIN means that the hardware is still waking up; the caller comes again.
            let result = pcm.resume()
            if result == 0 || result == -Int(EAGAIN) { return false }
            fallthrough
        case .restart:
            let prepared = pcm.prepare()
            // What cannot even be prepared is gone: a sound server that ended answers like this.
            if prepared < 0 { throw .alsa(.unplugged, name, errno: CInt(clamping: -prepared)) }
            // A start that fails shows at the next read or write, and is counted there.
            if restarting { _ = pcm.start() }
            return true
        }
    }
}
