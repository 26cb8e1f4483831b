import COpusFile
import Glibc

/// A recording that is played: stereo at 48 kHz, your voice on the left and the model's on the right.
///
/// One owner, on one thread; reading blocks where the disk does.
package struct OpusRecording: ~Copyable {
    static let startComment = "VIVAVOCE_START"

    package let path: String
    /// Wall-clock time of the first frame, in milliseconds since 1970.
    package let start: Int64
    /// Frames at 48 kHz.
    package let frames: Int
    private let file: OpaquePointer

    /// - Throws: when there is no such file, or it is no recording of ours.
    package init(opening path: String) throws(ArchiveError) {
        var code: CInt = 0
        guard let opened = op_open_file(path, &code) else {
            guard code != OP_EREAD && code != OP_EFAULT else {
                var error = ArchiveError(errno: errno, "cannot read the recording \(path)")
                error.remedy = "See whether its disk is mounted and sound, and whether you may read the file."
                throw error
            }
            throw ArchiveError(
                .corrupt, "\(path) is no Ogg Opus file (opusfile says \(code))",
                remedy: "opusinfo says what is wrong with it; vivavoce records to audio.opus.")
        }
        let comment = op_tags(opened, 0).flatMap { opus_tags_query($0, Self.startComment, 0) }
            .map { String(cString: $0) }
        guard let start = comment.flatMap({ Int64($0) }), op_seekable(opened) != 0, op_channel_count(opened, 0) == 2
        else {
            op_free(opened)
            throw ArchiveError(
                .badInput, "\(path) does not say when it was recorded",
                remedy: "It is no recording of vivavoce, or was converted; any player plays it.")
        }
        file = opened
        self.path = path
        self.start = start
        frames = max(0, Int(op_pcm_total(opened, -1)))
    }

    deinit { op_free(file) }

    /// Goes on reading at `frame`, exactly. - Returns: false where the file cannot be read there.
    package mutating func seek(to frame: Int) -> Bool { op_pcm_seek(file, Int64(max(0, min(frame, frames)))) == 0 }

    /// The next frames, at most 120 ms of them.
    ///
    /// - Parameter stereo: filled from the front, interleaved; room for 11,520 samples.
    /// - Returns: frames; 0 at the end. What is damaged is left out.
    package mutating func read(into stereo: inout [Int16]) -> Int {
        while true {
            let count = stereo.withUnsafeMutableBufferPointer {
                op_read_stereo(file, $0.baseAddress, CInt($0.count))
            }
            if count != OP_HOLE { return max(0, Int(count)) }
        }
    }
}
