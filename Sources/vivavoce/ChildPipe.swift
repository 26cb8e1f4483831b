import Glibc

/// A pipe whose reading end is ours and whose writing end goes to a child.
struct ChildPipe: ~Copyable {
    private let readingEnd: CInt
    let writingEnd: CInt
    private var isWritingEndOpen: Bool
    /// Whether more may come.
    private(set) var isOpen: Bool

    init() {
        var ends: [CInt] = [-1, -1]
        isOpen = pipe(&ends) == 0
        isWritingEndOpen = isOpen
        (readingEnd, writingEnd) = (ends[0], ends[1])
        guard isOpen else { return }
        _ = fcntl(readingEnd, F_SETFL, O_NONBLOCK)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    deinit {
        if isWritingEndOpen { close(writingEnd) }
        if readingEnd >= 0 { close(readingEnd) }
    }

    /// To be done once the child has its copy, or the end would never come.
    mutating func closeWritingEnd() {
        guard isWritingEndOpen else { return }
        close(writingEnd)
        isWritingEndOpen = false
    }

    /// What has come; empty when nothing has, or nothing will.
    mutating func read() -> [UInt8] {
        guard isOpen else { return [] }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(readingEnd, &bytes, bytes.count)
        if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { isOpen = false }
        return Array(bytes.prefix(max(0, count)))
    }

    /// Waits until one of two pipes has something or ends.
    static func wait(_ first: borrowing ChildPipe, _ second: borrowing ChildPipe, milliseconds: CInt) {
        var waiting = [first.isOpen ? first.readingEnd : -1, second.isOpen ? second.readingEnd : -1].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        poll(&waiting, nfds_t(waiting.count), milliseconds)
    }
}
