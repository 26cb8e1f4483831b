import CALSA
import Glibc
import Synchronization

/// Calls into C that may never return, such as opening a device of a sound server that hangs: each runs on a thread of
/// its own, which is left behind when it takes too long. What it brings after that is thrown away.
enum DetachedCall {
    /// Threads that may be left behind at a time. Beyond it nothing is tried until one has come back.
    static let most = 4
    private static let abandoned = Atomic<Int>(0)

    /// Threads that were left behind and have not come back.
    static var abandonedCount: Int { abandoned.load(ordering: .relaxed) }

    /// - Parameters:
    ///   - name: of the device, for the error.
    ///   - wake: ends the wait when it is woken and `isOver` says so.
    /// - Returns: nil when it was over.
    /// - Throws: `.stalled` when it takes longer than `patience`, or as many calls as may be hang already; what `body`
    ///   throws.
    static func value<Value: ~Copyable>(
        of name: String, within patience: Duration, wake: Wake, unless isOver: () -> Bool,
        _ body: @escaping @Sendable () throws(DeviceError) -> Value
    ) throws(DeviceError) -> Value? {
        guard abandonedCount < most else { throw .stuckOpening(name, patience: patience) }
        let handoff = try Handoff<Value>()
        start { handoff.put(Result(catching: body), from: abandoned) }
        let deadline = MonotonicClock().now + patience
        while true {
            switch wake.wait(for: (handoff.done.descriptor, POLLIN), until: deadline) {
            case .ready:
                return try handoff.take()?.get()
            case .woken where isOver():
                if let late = handoff.abandon(counting: abandoned) { _ = try late.get() }
                return nil
            case .woken: break
            case .late:
                guard let late = handoff.abandon(counting: abandoned) else {
                    throw .stuckOpening(name, patience: patience)
                }
                return try late.get()
            }
        }
    }

    /// Does it, and waits for its end, but not longer than `patience`; not at all when as many calls as may be hang.
    static func finish(within patience: Duration, _ body: @escaping @Sendable () -> Void) {
        guard let nobody = try? Wake() else { return body() }
        guard abandonedCount < most else { return start(body) }
        _ = try? value(of: "", within: patience, wake: nobody, unless: { false }) { () throws(DeviceError) in body() }
    }

    /// Runs `body` on a thread that nobody waits for.
    static func start(_ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(body: body))
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runDetachedCall, work.toOpaque()) == 0 else {
            work.release()
            return body()  // no thread left in the system: better late than never
        }
        pthread_detach(thread)
    }

    /// What a new thread is handed: C carries one pointer.
    fileprivate final class Work {
        let body: @Sendable () -> Void

        init(body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

/// Takes the box that `DetachedCall.start` retained, once.
private func runDetachedCall(_ box: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let box else { return nil }
    vv_thread_name("vv-open")
    Unmanaged<DetachedCall.Work>.fromOpaque(box).takeRetainedValue().body()
    return nil
}

/// Where a result waits for whoever asked, or for nobody.
private final class Handoff<Value: ~Copyable>: @unchecked Sendable {
    private enum State: UInt8, AtomicRepresentable { case pending, done, abandoned }

    /// Readable when the result is there.
    let done: Wake
    private let state = Atomic<State>(.pending)
    // SAFETY: the thread that calls writes it before it moves `state` on; whoever asked reads it after.
    private var result: Result<Value, DeviceError>?

    init() throws(DeviceError) { done = try Wake() }

    func put(_ value: consuming Result<Value, DeviceError>, from abandoned: borrowing Atomic<Int>) {
        result = consume value
        if moveOn(to: .done) {
            done.signal()
        } else {
            result = nil  // closes what came too late, on this thread
            abandoned.subtract(1, ordering: .relaxed)
        }
    }

    func take() -> Result<Value, DeviceError>? { result.take() }

    /// - Returns: the result, if it came at the last moment.
    func abandon(counting abandoned: borrowing Atomic<Int>) -> Result<Value, DeviceError>? {
        abandoned.add(1, ordering: .relaxed)
        guard !moveOn(to: .abandoned) else { return nil }
        abandoned.subtract(1, ordering: .relaxed)
        return result.take()
    }

    /// - Returns: false when the other side was first.
    private func moveOn(to next: State) -> Bool {
        state.compareExchange(expected: .pending, desired: next, ordering: .acquiringAndReleasing).exchanged
    }
}
