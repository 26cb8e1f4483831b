@testable import AudioFrontEnd

/// Runs an `EchoControl` over whole signals at 16 kHz.
struct EchoPath {
    let control = EchoControl()

    /// - Parameter onFrame: called after each frame with its number.
    /// - Returns: the output, shifted back by the latency, as long as the microphone's sound.
    func run(
        reference: [Float], microphone: [Float], onFrame: (Int) -> Void = { _ in }
    ) -> [Float] {
        let frames = microphone.count / 160
        var output = [Float](repeating: 0, count: frames * 160)
        for frame in 0..<frames {
            reference.withUnsafeBufferPointer { reference in
                microphone.withUnsafeBufferPointer { microphone in
                    output.withUnsafeMutableBufferPointer {
                        control.process(
                            microphone: microphone.baseAddress! + frame * 160,
                            reference: reference.baseAddress! + frame * 160, into: $0.baseAddress! + frame * 160)
                    }
                }
            }
            onFrame(frame)
        }
        return Array(output.dropFirst(EchoControl.latency)) + [Float](repeating: 0, count: EchoControl.latency)
    }
}
