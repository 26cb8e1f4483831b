import Glibc

/// A thread of the system, for calls that block for long or belong to the thread that made them.
package enum NativeThread {
    /// The system has no thread left.
    package struct Unavailable: Error, Equatable {
        package var number: CInt

        package var reason: String { "the system has no thread left: \(String(cString: strerror(number)))" }
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread that runs `body` and then ends.
    ///
    /// - Parameter stackSize: bytes; nil leaves it to the system.
    /// - Throws: when there is none; `body` is then never run.
    package static func start(
        stackSize: Int? = nil, _ body: @escaping @Sendable () -> Void
    ) throws(Unavailable) {
        let work = Unmanaged.passRetained(Work(body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        if let stackSize { pthread_attr_setstacksize(&attributes, stackSize) }
        var thread = pthread_t()
        let error = pthread_create(
            &thread, &attributes,
            { pointer in
                Unmanaged<Work>.fromOpaque(pointer!).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        guard error == 0 else {
            work.release()
            throw Unavailable(number: error)
        }
        pthread_detach(thread)
    }
}
