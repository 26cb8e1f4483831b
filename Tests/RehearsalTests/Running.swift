import Foundation

@testable import Rehearsal

/// Runs a service on a free port for as long as the body takes.
func withService<Result: Sendable>(
    _ configure: (inout RehearsalConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (String) async throws -> Result
) async throws -> Result {
    var configuration = RehearsalConfiguration()
    configuration.session.burst = .unbounded
    configure(&configuration)
    let service = try RehearsalService(configuration)
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask {
            try await service.run()
            return nil
        }
        group.addTask { try await body(try await service.url()) }
        defer { group.cancelAll() }
        while let result = try await group.next() {
            if let result { return result }
        }
        throw CancellationError()
    }
}

/// Sound that the gate takes for a voice: noise at about −20 dB full scale, 16 kHz.
func voice(milliseconds: Int, seed: UInt64 = 1) -> [Int16] {
    var random = SeededRandom(seed: seed)
    return (0..<milliseconds * 16).map { _ in Int16.random(in: -5_000...5_000, using: &random) }
}

func silence(milliseconds: Int) -> [Int16] {
    [Int16](repeating: 0, count: milliseconds * 16)
}

func tone(hertz: Double, rate: Int, milliseconds: Int, amplitude: Double = 16_000) -> [Int16] {
    (0..<rate * milliseconds / 1_000).map { index in
        Int16(amplitude * sin(2 * .pi * hertz * Double(index) / Double(rate)))
    }
}
