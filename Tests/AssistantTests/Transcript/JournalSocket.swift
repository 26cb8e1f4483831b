import Foundation
import Glibc

/// The journal's end of its socket, in a folder of its own.
final class JournalSocket {
    let path: String
    private var descriptor: CInt = -1

    init() {
        path = FileManager.default.temporaryDirectory.appending(path: "vivavoce-journal-\(UUID().uuidString.prefix(8))")
            .path(percentEncoded: false)
    }

    deinit { close() }

    /// From now on entries are taken.
    func listen() {
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(bound == 0, "cannot bind \(path): \(errno)")
    }

    /// From now on nobody is there.
    func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
        unlink(path)
    }

    /// The entries that came and were not read yet, each by the names of its fields.
    func entries() -> [[String: String]] {
        var entries: [[String: String]] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return entries }
            entries.append(Self.fields(of: buffer[..<count]))
        }
    }

    /// As systemd.io/JOURNAL_NATIVE_PROTOCOL has it.
    private static func fields(of entry: ArraySlice<UInt8>) -> [String: String] {
        var (fields, rest) = ([String: String](), entry)
        while let end = rest.firstIndex(of: 10) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
                fields[text(line[..<equals])] = text(line[(equals + 1)...])
            } else {
                let size = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                fields[text(line)] = text(rest.dropFirst(8).prefix(size))
                rest = rest.dropFirst(8 + size + 1)
            }
        }
        return fields
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
