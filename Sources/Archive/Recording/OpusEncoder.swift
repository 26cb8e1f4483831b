import COpusEnc
import Events

/// Writes stereo Ogg Opus into a file, so that of a program that is killed 0.2 s of sound are lost and no more.
///
/// One owner, on one thread. Every page is in the file when `write` returns.
final class OpusEncoder {
    /// Samples at 48 kHz after which a page is written: 200 ms.
    private static let muxingDelay: Int32 = 9_600
    /// Of 10: speech at 24 kbit/s a side gains nothing from more, which takes half as much time again.
    private static let complexity: Int32 = 5

    let file: RecordingFile
    private let encoder: OpaquePointer

    /// Writes the header.
    ///
    /// - Parameters:
    ///   - start: the wall-clock moment of the first frame, in milliseconds since 1970; it is kept in the comments `DATE`
    ///     and `VIVAVOCE_START`.
    ///   - session: goes into the comment `TITLE`.
    init(
        into file: RecordingFile, kilobitsPerSecond: Int, start: Int64, session: String
    ) throws(ArchiveError) {
        let comments = ope_comments_create()
        defer { ope_comments_destroy(comments) }
        ope_comments_add(comments, "TITLE", "vivavoce \(session)")
        ope_comments_add(comments, "DATE", Timestamp.iso8601(start))
        ope_comments_add(comments, OpusRecording.startComment, String(start))
        var callbacks = OpusEncCallbacks(
            write: { file, bytes, count in
                let file = Unmanaged<RecordingFile>.fromOpaque(file!).takeUnretainedValue()
                return file.append(UnsafeRawBufferPointer(start: bytes, count: Int(count))) ? 0 : 1
            }, close: { _ in 0 })
        // Unretained: `file` lives for as long as this value does.
        let target = Unmanaged.passUnretained(file).toOpaque()
        self.file = file
        var code: CInt = 0
        let made = ope_encoder_create_callbacks(&callbacks, target, comments, 48_000, 2, 0, &code)
        guard let made else { throw Self.error(code, file) }
        encoder = made
        let codes = [
            vv_opus_set_bitrate(encoder, Int32(kilobitsPerSecond) * 1_000),
            vv_opus_set_complexity(encoder, Self.complexity),
            vv_opus_set_decision_delay(encoder, 0),
            vv_opus_set_muxing_delay(encoder, Self.muxingDelay),
            ope_encoder_flush_header(encoder),
        ]
        if let code = codes.first(where: { $0 != 0 }) { throw Self.error(code, file) }
    }

    deinit { ope_encoder_destroy(encoder) }

    /// - Parameter stereo: interleaved at 48 kHz, shape `[2 n]`.
    /// - Throws: when the file cannot take it. The file then ends before, and nothing can be written to it any more.
    func write(_ stereo: [Int16]) throws(ArchiveError) {
        let code = ope_encoder_write(encoder, stereo, CInt(stereo.count / 2))
        if code != 0 || file.error != 0 { throw Self.error(code, file) }
    }

    /// Writes what is left, and the mark of the end.
    func finish() throws(ArchiveError) {
        let code = ope_encoder_drain(encoder)
        if code != 0 || file.error != 0 { throw Self.error(code, file) }
    }

    private static func error(_ code: CInt, _ file: RecordingFile) -> ArchiveError {
        guard file.error == 0 else { return ArchiveError(errno: file.error, "cannot write the recording \(file.path)") }
        return ArchiveError(
            .inputOutput, "libopusenc refused \(file.path): \(String(cString: ope_strerror(code)))",
            remedy: "Choose another --record-rate, or install libopusenc0 anew.")
    }
}
