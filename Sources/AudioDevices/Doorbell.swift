import Dispatch

/// Lets a real-time thread say that there is something to see to, without waiting for anybody.
package final class Doorbell: Sendable {
    /// One element for any number of rings since the last. Ends with `close()`.
    package let rings: AsyncStream<Void>

    private let wake: Wake
    private let feed: AsyncStream<Void>.Continuation
    // SAFETY: a Dispatch source may be used from any thread.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// - Throws: when the process has no descriptor left.
    package init() throws(DeviceError) {
        let wake = try Wake()
        let (rings, feed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        (self.wake, self.rings, self.feed) = (wake, rings, feed)
        source = DispatchSource.makeReadSource(
            fileDescriptor: wake.descriptor, queue: DispatchQueue(label: "vivavoce.doorbell"))
        source.setEventHandler { if wake.drain() { feed.yield() } }
        source.setCancelHandler { _ = wake }  // the descriptor outlives the source
        source.resume()
    }

    deinit { close() }

    /// Any thread. RT safe: one write.
    package func ring() { wake.signal() }

    package func close() {
        source.cancel()
        feed.finish()
    }
}
