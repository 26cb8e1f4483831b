import CALSA
import Glibc

/// Which file a path leads to, whatever else it is called: by a link, or by another way through the folders.
struct FileIdentity: Equatable {
    private let device: UInt64
    private let number: UInt64

    /// - Returns: nil where there is no file, or one that has no content to lose, such as `/dev/null`.
    init?(of path: String) {
        var found = stat()
        guard stat(path, &found) == 0, vv_has_content(&found) != 0 else { return nil }
        (device, number) = (UInt64(found.st_dev), UInt64(found.st_ino))
    }

    /// To be asked before `output` is created, which empties it.
    ///
    /// - Throws: `.usage` when that is a file that is to be read.
    static func check(_ output: String, isNone inputs: [String]) throws(DeviceError) {
        guard let file = FileIdentity(of: output),
            let input = inputs.first(where: { FileIdentity(of: $0) == file })
        else { return }
        let both = input == output ? output : "\(output) is the same file as \(input), which"
        throw DeviceError(
            .usage, "\(both) is to be read, so it cannot be written as well", remedy: "Name another file to write")
    }
}

extension DeviceSpec {
    /// To be asked before a conversation goes over to these two.
    ///
    /// - Throws: `.usage` when the output is a file that the input reads: it would be empty before it is heard.
    package static func check(input: DeviceSpec, output: DeviceSpec) throws(DeviceError) {
        guard case .file(let read) = input, case .file(let written) = output else { return }
        try FileIdentity.check(written, isNone: [read])
    }
}
