import Events
import LiveProtocol
import LiveSession
import TestKit
import Testing

@testable import Assistant

@Suite("A microphone that goes and comes", .timeLimit(.minutes(5)))
struct LostDeviceTests {
    private static let streamEnd = #"{"realtimeInput":{"audioStreamEnd":true}}"#

    @Test("the service is told that no more voice comes, behind the last of it, and hears the next (pitfall 34)")
    func lost() async {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            stage.capture(320)
            stage.engine.inputLost()
            let before = await stage.voice(on: connection) { $0.count >= 2 }
            #expect(before.last == Self.streamEnd)
            stage.engine.inputReturned()
            await stage.hasObeyed()
            stage.capture(320)
            let after = await stage.voice(on: connection) { !$0.isEmpty }
            #expect(after.first?.contains("audio/pcm") == true)
        }
    }

    @Test("lost while muted, it is still unheard when it is unmuted, and the next line is told so")
    func lostWhileMuted() async {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.says(#"{"sessionResumptionUpdate":{"newHandle":"h","resumable":true}}"#)
            stage.engine.perform(.mute)
            stage.engine.inputLost()
            stage.engine.perform(.unmute)
            first.ends(Disconnection(.lost))
            let (second, _) = await stage.comeBack()
            _ = await stage.events.next { if case .sessionResumed = $0 { true } else { false } }
            #expect(second.takeVoice().contains(Self.streamEnd))
        }
    }
}
