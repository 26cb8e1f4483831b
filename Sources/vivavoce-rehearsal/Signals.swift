import Dispatch
import Foundation

/// The signals that end the program.
enum Signals {
    /// Returns when SIGINT or SIGTERM arrives, or the task is cancelled.
    static func ending() async {
        let (signals, arrived) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)  // or the default action would win over the source
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { arrived.yield() }
            source.resume()
            return source
        }
        for await _ in signals { break }
        for source in sources { source.cancel() }
    }
}
