import CALSA
import Dispatch
import Glibc
import Synchronization

/// One thread for the actors bound to it, so a blocking device call never holds a thread of the shared pool.
///
/// The thread ends when the executor goes away. Writing to a pipe without a reader returns an error on it.
final class DeviceThread: SerialExecutor {
    fileprivate typealias Work = (job: UnownedJob, executor: UnownedSerialExecutor)

    /// All that the thread keeps alive, so dropping the executor ends it.
    fileprivate final class Inbox: Sendable {
        let work = Mutex<[Work?]>([])
        let wake = DispatchSemaphore(value: 0)
        let waiting = Atomic<Int>(0)

        func put(_ item: Work?) {
            work.withLock { $0.append(item) }
            waiting.add(1, ordering: .releasing)
            wake.signal()
        }

        func take() -> Work? {
            wake.wait()
            waiting.subtract(1, ordering: .relaxed)
            return work.withLock { $0.removeFirst() }
        }
    }

    private let inbox = Inbox()

    /// - Parameters:
    ///   - name: what the system's tools show, at most 15 characters.
    ///   - stackSize: bytes; nil leaves it to the system.
    /// - Throws: when the system has no thread left.
    init(name: String, stackSize: Int? = nil) throws(DeviceError) {
        let start = Unmanaged.passRetained(Start(name: name, inbox: inbox))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        if let stackSize { pthread_attr_setstacksize(&attributes, stackSize) }
        var thread = pthread_t()
        let code = pthread_create(&thread, &attributes, runDeviceThread, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw .noThread(name, errno: code)
        }
        pthread_detach(thread)
    }

    deinit { inbox.put(nil) }

    func enqueue(_ job: consuming ExecutorJob) { inbox.put((UnownedJob(job), asUnownedSerialExecutor())) }

    /// Somebody waits for the thread: worth a `Task.yield()`, which allocates. RT safe.
    var isAwaited: Bool { inbox.waiting.load(ordering: .acquiring) > 0 }

    /// Asks for real-time priority for the calling thread, or gives it back.
    /// - Returns: 0, or the `errno` with which the system refused.
    static func setRealTime(_ isRealTime: Bool) -> CInt { vv_thread_real_time(isRealTime ? 1 : 0) }

    /// What a new thread is handed: C carries one pointer.
    fileprivate final class Start {
        private let name: String
        private let inbox: Inbox

        init(name: String, inbox: Inbox) {
            self.name = name
            self.inbox = inbox
        }

        func run() {
            vv_thread_name(name)
            vv_thread_ignore_broken_pipes()
            while let work = inbox.take() { work.job.runSynchronously(on: work.executor) }
        }
    }
}

/// Takes the box that `DeviceThread.init` retained, once.
private func runDeviceThread(_ box: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let box else { return nil }
    Unmanaged<DeviceThread.Start>.fromOpaque(box).takeRetainedValue().run()
    return nil
}
