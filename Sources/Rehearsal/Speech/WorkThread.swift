import Foundation
import Synchronization

/// A thread for the actors bound to it: speech libraries compute for long, and must not hold a thread of the pool.
final class WorkThread: SerialExecutor {
    private typealias Work = (job: UnownedJob, executor: UnownedSerialExecutor)

    /// All that the thread itself keeps alive, so that dropping the executor ends it.
    private final class Inbox: Sendable {
        private let works = Mutex<[Work?]>([])
        private let bell = DispatchSemaphore(value: 0)

        func put(_ work: Work?) {
            works.withLock { $0.append(work) }
            bell.signal()
        }

        func take() -> Work? {
            bell.wait()
            return works.withLock { $0.removeFirst() }
        }
    }

    private let inbox = Inbox()

    init(name: String) {
        let thread = Thread { [inbox] in
            Thread.current.name = name  // set from outside, the name does not reach the thread on Linux
            while let work = inbox.take() { work.job.runSynchronously(on: work.executor) }
        }
        thread.stackSize = 8 << 20  // the speech libraries were written for a main thread's stack
        thread.start()
    }

    deinit { inbox.put(nil) }

    func enqueue(_ job: consuming ExecutorJob) {
        inbox.put((UnownedJob(job), asUnownedSerialExecutor()))
    }
}
