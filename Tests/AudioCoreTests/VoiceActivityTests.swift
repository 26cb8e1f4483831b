import AudioCore
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct VoiceActivityTests {
    @Test("edges come in order with the positions of their frames, and nothing between them")
    func edges() {
        let rings = Mutex(0)
        let activity = VoiceActivity { rings.withLock { $0 += 1 } }
        #expect(!activity.isKnown)
        for (frame, hearsVoice) in [nil, false, true, true, false, nil, true].enumerated() {
            activity.observe(hearsVoice, at: frame * 160, capturedAt: .milliseconds(frame * 10))
        }
        #expect(activity.isKnown)
        #expect(rings.withLock { $0 } == 3)
        #expect(activity.next() == VoiceActivity.Edge(isVoice: true, position: 320, time: .milliseconds(20)))
        #expect(activity.next() == VoiceActivity.Edge(isVoice: false, position: 640, time: .milliseconds(40)))
        #expect(activity.next() == VoiceActivity.Edge(isVoice: true, position: 960, time: .milliseconds(60)))
        #expect(activity.next() == nil)
    }

    @Test("when nobody takes them the newest state is not lost, and they still alternate")
    func overflow() {
        let activity = VoiceActivity()
        for frame in 0...1_000 {
            activity.observe(frame % 2 == 0, at: frame * 160, capturedAt: .milliseconds(frame * 10))
        }
        var newest: VoiceActivity.Edge?
        var count = 0
        while let edge = activity.next() {
            #expect(edge.isVoice != (newest?.isVoice ?? false))
            newest = edge
            count += 1
        }
        #expect(count == VoiceActivity.capacity)
        #expect(newest?.isVoice == false)
        activity.observe(true, at: 160_160, capturedAt: .milliseconds(10_010))
        #expect(activity.next() == VoiceActivity.Edge(isVoice: true, position: 160_160, time: .milliseconds(10010)))
    }
}
