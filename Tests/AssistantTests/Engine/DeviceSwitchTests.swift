import Assistant
import Events
import Foundation
import Rehearsal
import Testing

/// A whole conversation, on devices that need no hardware.
@Suite("Devices exchanged in a conversation", .timeLimit(.minutes(5)))
struct DeviceSwitchTests {
    @Test("a device is exchanged live; one that cannot be had is told, and the one before goes on")
    func exchanged() async throws {
        let service = try RehearsalService(RehearsalConfiguration())
        let serving = Task { try? await service.run() }
        defer { serving.cancel() }
        var settings = Settings()
        settings.service.endpoint = try #require(ServiceAddress(try await service.url()))
        settings.audio.input = "silence"
        settings.audio.output = "null"
        let bus = EventBus()
        let events = EventLog(bus)
        let conversation = Conversation(settings: settings, credential: nil, bus: bus)
        let outcome = Task { await conversation.run() }
        await events.next { if case .sessionLive = $0 { true } else { false } }

        conversation.perform(.device(.input, name: "tone:440"))
        let changed = await events.next { if case .audioDevice = $0 { true } else { false } }
        #expect(changed == .audioDevice(direction: .input, device: "tone:440", state: .changed, reason: nil))
        let refusals: [(Direction, String, because: String)] = [
            (.input, "file:/nowhere.wav", "nowhere"), (.input, "tone:-1", "no tone"), (.input, "?", "no device"),
            (.output, "silence", "nothing can be played"),
        ]
        for (direction, name, because) in refusals {
            conversation.perform(.device(direction, name: name))
            let told = await events.next { if case .warning = $0 { true } else { false } }
            #expect(told?.problem?.code == "audio.device")
            #expect(told?.problem?.message.contains(because) == true)
        }

        // What goes out to a file is not listened to: what was in it would be gone, and it would hear itself.
        let file = "file:\(NSTemporaryDirectory())vivavoce-\(UUID().uuidString).wav"
        defer { try? FileManager.default.removeItem(atPath: String(file.dropFirst(5))) }
        conversation.perform(.device(.output, name: file))
        await events.next { $0 == .audioDevice(direction: .output, device: file, state: .changed, reason: nil) }
        conversation.perform(.device(.input, name: file))
        let told = await events.next { if case .warning = $0 { true } else { false } }
        #expect(told?.problem?.message.contains("cannot be written as well") == true)
        conversation.perform(.hangUp)
        #expect(await outcome.value.exit == .success)
    }
}

extension Event.Body {
    fileprivate var problem: Problem? { if case .warning(let problem) = self { problem } else { nil } }
}
