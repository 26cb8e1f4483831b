import AudioDevices
import AudioFrontEnd
import Events
import Testing

@testable import Assistant

@Suite("Which stages the voice goes through")
struct SoundStagesTests {
    typealias Case = (
        input: Bool, output: Bool, echoDone: Bool, noiseDone: Bool, asked: Settings.Automatic, echo: Bool, noise: Bool
    )

    @Test(
        "auto cancels echoes in open air and suppresses noise in a room, unless the device does; on and off hold anywhere",
        arguments: [
            (true, true, false, false, .auto, true, true),
            (true, true, true, false, .auto, false, true),
            (true, true, false, true, .auto, true, false),
            (true, false, false, false, .auto, false, true),
            (false, true, false, false, .auto, false, false),
            (false, false, false, false, .on, true, true),
            (true, true, true, true, .on, true, true),
            (true, true, false, false, .off, false, false),
        ] as [Case])
    func stages(_ given: Case) {
        var settings = Settings.Audio()
        settings.echoCancellation = given.asked
        settings.noiseSuppression = given.asked
        let surroundings = SoundStages.Surroundings(
            isInRoom: [.input: given.input, .output: given.output],
            traits: DeviceTraits(cancelsEcho: given.echoDone, suppressesNoise: given.noiseDone))
        #expect(
            surroundings.stages(settings)
                == FrontEnd.Stages(cancelsEcho: given.echo, suppressesNoise: given.noise))
    }
}
