import Foundation

/// What the test process holds that a leak would add to.
struct ProcessFootprint {
    /// Threads named for the transport.
    let socketThreads: Int
    /// Open sockets.
    let sockets: Int

    static var now: ProcessFootprint {
        let files = FileManager.default
        let threads = (try? files.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        let names = threads.compactMap { try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8) }
        let descriptors = (try? files.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        let targets = descriptors.compactMap { try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
        return ProcessFootprint(
            socketThreads: names.count { $0.hasPrefix("vv-") }, sockets: targets.count { $0.hasPrefix("socket:") })
    }
}
