import Events
import Synchronization

/// Counts what happens and serves it as a page.
final class Metrics: Sendable {
    private let board: Mutex<MetricsBoard>

    init() { board = Mutex(MetricsBoard()) }

    /// Counts events until they end.
    func count(_ events: EventSubscription) async {
        for await event in events { board.withLock { $0.note(event) } }
    }

    /// The page as it is now.
    func text(_ costs: CostBoard.Figures) -> String { board.withLock { $0 }.text(costs) }
}
