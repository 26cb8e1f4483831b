import Testing

@testable import Assistant

@Suite("Lines in a language nobody expected")
struct LanguageWatchTests {
    @Test("a language that was not hinted at is told of once; its regions, and no language at all, are no matter")
    func unexpected() {
        var watch = LanguageWatch(expecting: ["en-US", "de"])
        #expect(watch.news(of: "en-GB") == nil)
        #expect(watch.news(of: "DE_at") == nil)
        #expect(watch.news(of: nil) == nil)
        #expect(watch.news(of: "und") == nil)
        #expect(watch.news(of: "hi-IN") == "hi-IN")
        #expect(watch.news(of: "hi") == nil)
        #expect(watch.news(of: "pt-BR") == "pt-BR")
    }

    @Test("without a hint every language will do")
    func unhinted() {
        var watch = LanguageWatch(expecting: [])
        #expect(watch.news(of: "hi-IN") == nil)
    }

    @Test("a service that invents languages is told of sixteen times")
    func flood() {
        var watch = LanguageWatch(expecting: ["en"])
        let told = (0..<100).filter { watch.news(of: "x\($0)") != nil }
        #expect(told.count == 16)
    }
}
