import LiveProtocol
import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FloorTests {
    private static let handle = LiveEvent.resumption(handle: "h", isResumable: true, lastConsumedMessage: nil)
    private static let noHandle = LiveEvent.resumption(handle: "", isResumable: false, lastConsumedMessage: nil)

    @Test("a session in which nothing was said is free")
    func idle() {
        #expect(Floor().isFree(now: .zero))
        #expect(Floor().deadline(now: .zero) == nil)
    }

    @Test("an answer holds the floor from the question to its end, and until a handle remembers it (pitfall 3)")
    func answer() {
        var floor = Floor()
        floor.asked(now: .zero)
        #expect(!floor.isFree(now: .seconds(5)))
        floor.handle(.speech(samples: 960), now: .seconds(6))
        #expect(floor.isBusy(now: .seconds(7)))
        floor.handle(.generationCompleted, now: .seconds(8))
        #expect(!floor.isBusy(now: .seconds(8)))
        #expect(!floor.isFree(now: .seconds(9)))
        floor.handle(Self.handle, now: .seconds(9))
        #expect(floor.isFree(now: .seconds(9)))
    }

    @Test("a handle that does not come is waited for no longer than 2 s")
    func noHandle() {
        var floor = Floor()
        floor.handle(.speech(samples: 960), now: .zero)
        floor.handle(.turnCompleted(reason: nil), now: .seconds(1))
        #expect(floor.deadline(now: .seconds(1)) == .seconds(3))
        #expect(!floor.isFree(now: .milliseconds(2999)))
        #expect(floor.isFree(now: .seconds(3)))
    }

    @Test("while the service says that it cannot be resumed, the floor is not free (pitfall 3)")
    func notResumable() {
        var floor = Floor()
        floor.handle(Self.noHandle, now: .zero)
        #expect(!floor.isFree(now: .seconds(1000)))
        floor.handle(Self.handle, now: .seconds(1000))
        #expect(floor.isFree(now: .seconds(1000)))
    }

    @Test("an answer whose end never comes holds the floor for 15 s after its last speech (pitfall 50)")
    func noEnd() {
        var floor = Floor()
        floor.handle(.speech(samples: 960), now: .zero)
        floor.speechReceived(upTo: 24_000, now: .seconds(10))
        #expect(floor.deadline(now: .seconds(11)) == .seconds(25))
        #expect(floor.isBusy(now: .milliseconds(24_999)))
        #expect(!floor.isBusy(now: .seconds(25)))
    }

    @Test("open calls hold it although the turn is over, and so does a service that thinks on (pitfall 25)")
    func works() {
        var floor = Floor()
        floor.callsOpen(1)
        floor.handle(.turnCompleted(reason: nil), now: .zero)
        #expect(floor.isBusy(now: .seconds(1000)))
        floor.callsOpen(0)
        #expect(!floor.isBusy(now: .seconds(1000)))
        floor.handle(.interactionStatus(.inProgress), now: .seconds(1000))
        #expect(floor.isBusy(now: .seconds(1119)))
        #expect(!floor.isBusy(now: .seconds(1120)), "it may think on for two minutes without a word")
        floor.handle(.interactionStatus(.inProgress), now: .seconds(2000))
        floor.handle(.interactionStatus(.idle), now: .seconds(2001))
        #expect(!floor.isBusy(now: .seconds(2001)))
    }

    @Test("the user's words hold it for 2 s, and for the answer that is due")
    func words() {
        var floor = Floor()
        floor.handle(.voiceActivity(.started(at: nil)), now: .zero)
        #expect(!floor.isFree(now: .milliseconds(1999)))
        #expect(floor.isFree(now: .seconds(2)))
        floor.asked(now: .seconds(3))
        #expect(!floor.isFree(now: .milliseconds(12_999)))
        #expect(floor.isFree(now: .seconds(13)))
    }

    @Test("a line that ends takes all of it along but the calls")
    func lineEnded() {
        var floor = Floor()
        floor.handle(.speech(samples: 960), now: .zero)
        floor.handle(Self.noHandle, now: .zero)
        floor.callsOpen(1)
        floor.lineEnded()
        #expect(floor.isBusy(now: .zero))
        floor.callsOpen(0)
        #expect(floor.isFree(now: .zero))
    }
}
