import Events
import Testing

@testable import ControlProtocol

@Suite(.timeLimit(.minutes(5)))
struct NotificationFeedTests {
    private func event(_ name: String) -> ControlClient.Notification {
        ControlClient.Notification(name: name, event: Array(#"{"event":"\#(name)"}"#.utf8))
    }

    /// Names as they come; of a loss, how much it cost.
    private func told(_ notification: ControlClient.Notification?) -> String? {
        guard let notification, notification.name == "warning" else { return notification?.name }
        guard case .warning(let problem)? = notification.decoded?.body, problem.code == "events.missed" else {
            return "another warning"
        }
        return String(problem.message.prefix { $0 != " " })
    }

    @Test("a reader that is slow is told what it lost, where it lost it")
    func loss() async {
        let feed = NotificationFeed(capacity: 3) { 1_795_435_200_123 }
        var events = feed.makeAsyncIterator()
        for name in ["a", "b", "c", "d", "e"] { feed.put(event(name)) }
        #expect(told(await events.next()) == "a")
        feed.put(event("f"))
        feed.finish()
        feed.put(event("g"))
        var rest: [String?] = []
        while let next = await events.next() { rest.append(told(next)) }
        #expect(rest == ["b", "c", "2", "f"])
    }

    @Test("a loss at the end is told, too")
    func lossAtEnd() async {
        let feed = NotificationFeed(capacity: 1) { 0 }
        for name in ["a", "b"] { feed.put(event(name)) }
        feed.finish()
        var all: [String?] = []
        for await next in feed { all.append(told(next)) }
        #expect(all == ["a", "1"])
    }

    @Test("who keeps up loses nothing")
    func keepsUp() async {
        let feed = NotificationFeed(capacity: 1) { 0 }
        var events = feed.makeAsyncIterator()
        for number in 0..<100 {
            feed.put(event("\(number)"))
            #expect(await events.next()?.name == "\(number)")
        }
    }
}
