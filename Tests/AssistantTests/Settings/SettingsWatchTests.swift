import Assistant
import Testing

@Suite("Settings files that are saved", .timeLimit(.minutes(5)))
struct SettingsWatchTests {
    @Test("a file that is written, put in place, linked to, or whose folder comes later, is noticed")
    func notices() async throws {
        let home = try SettingsFolder()
        let late = home.path + "/later/on/vivavoce.yaml"
        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
        let (changes, change) = AsyncStream.makeStream(of: Void.self)
        let watch = SettingsWatch([home.userFile, late]) {}
        let watching = Task {
            await watch.run {
                isReady.finish()
            } onProblem: { error in
                Issue.record("\(error.message)")
            } onChange: {
                change.yield()
            }
        }
        for await _ in ready {}
        var seen = changes.makeAsyncIterator()
        try home.write("a: 1", to: home.userFile)
        await seen.next()
        try home.write("a: 22", to: home.path + "/draft")
        try home.move(home.path + "/draft", to: home.userFile)
        await seen.next()
        try home.makeFolder(home.path + "/later/on")
        try home.write("a: 333", to: late)
        await seen.next()
        try home.write("a: 4444", to: home.path + "/real")
        try home.link(home.path + "/link", to: home.path + "/real")
        try home.move(home.path + "/link", to: home.userFile)
        await seen.next()
        try home.write("a: 55555", to: home.path + "/real")
        await seen.next()
        try home.remove(home.userFile)
        await seen.next()
        watching.cancel()
        await watching.value
    }

    @Test("a folder that cannot be watched is told of, and the others are watched")
    func unwatched() async throws {
        let home = try SettingsFolder()
        let impossible = home.path + "/" + String(repeating: "x", count: 300)
        let watch = SettingsWatch([impossible + "/vivavoce.yaml", home.userFile]) {}
        let (problems, problem) = AsyncStream.makeStream(of: String.self)
        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
        let (changes, change) = AsyncStream.makeStream(of: Void.self)
        let watching = Task {
            await watch.run {
                isReady.finish()
            } onProblem: { error in
                problem.yield(error.message)
            } onChange: {
                change.yield()
            }
        }
        for await _ in ready {}
        try home.write("a: 1", to: home.userFile)
        for await _ in changes { break }
        watching.cancel()
        await watching.value
        problem.finish()
        var told: [String] = []
        for await text in problems { told.append(text) }
        #expect(told.count == 1)
        #expect(told.first?.contains(impossible) == true)
    }
}
