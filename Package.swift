// swift-tools-version: 6.2
// The house in one page: every module, and which way its arrows point. docs/ARCHITECTURE.md says why.
import PackageDescription

/// What every Swift target is compiled with.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Pure modules: no clock, no file, no task; every unsafe step wears the word.
let pure: [SwiftSetting] = common + [.strictMemorySafety()]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let flyingFox = Target.Dependency.product(name: "FlyingFox", package: "FlyingFox")
let flyingSocks = Target.Dependency.product(name: "FlyingSocks", package: "FlyingFox")

/// The test targets that VIVAVOCE_TESTS names, separated by commas, and all of them without it: a sanitizer run builds
/// those it runs, and no others.
func isWanted(_ target: Target) -> Bool {
    guard target.type == .test, let named = Context.environment["VIVAVOCE_TESTS"] else { return true }
    return named.split(separator: ",").contains { $0 == target.name }
}

let package = Package(
    name: "vivavoce",
    products: [
        .executable(name: "vivavoce", targets: ["vivavoce"]),
        .executable(name: "vivavoce-rehearsal", targets: ["vivavoce-rehearsal"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: ["YAML", "CommandLineArguments"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        // C libraries. Each is imported by exactly one Swift module.
        .systemLibrary(
            name: "CLibwebsockets", pkgConfig: "libwebsockets", providers: [.apt(["libwebsockets-dev"])]),
        .systemLibrary(name: "CALSA", pkgConfig: "alsa", providers: [.apt(["libasound2-dev"])]),
        .systemLibrary(name: "CPulse", providers: [.apt(["libpulse-dev"])]),
        .systemLibrary(name: "CSpeexDSP", pkgConfig: "speexdsp", providers: [.apt(["libspeexdsp-dev"])]),
        .systemLibrary(name: "COpusEnc", pkgConfig: "libopusenc", providers: [.apt(["libopusenc-dev"])]),
        .systemLibrary(name: "COpusFile", pkgConfig: "opusfile", providers: [.apt(["libopusfile-dev"])]),
        .systemLibrary(name: "CEspeakNG", pkgConfig: "espeak-ng", providers: [.apt(["libespeak-ng-dev"])]),
        .systemLibrary(
            name: "CPocketSphinx", pkgConfig: "pocketsphinx", providers: [.apt(["libpocketsphinx-dev"])]),
        // C of our own: what of a C++ library Swift is to see, and a child process that ends with its parent, which
        // posix_spawn cannot make.
        // libwebrtc-audio-processing-dev: its pkg-config file asks for definitions, which a system library may not.
        .target(
            name: "CWebRTCAudio",
            cxxSettings: [
                .define("WEBRTC_POSIX"), .define("WEBRTC_AUDIO_PROCESSING_ONLY_BUILD"),
                .unsafeFlags(["-isystem", "/usr/include/webrtc_audio_processing"]),
            ],
            linkerSettings: [.linkedLibrary("webrtc_audio_processing")]),
        .target(name: "CProcess"),

        // Pure.
        .target(name: "AudioCore", swiftSettings: pure),
        .target(name: "Events", swiftSettings: pure),
        .target(name: "LiveProtocol", swiftSettings: pure),
        .target(name: "WritingSystems", swiftSettings: pure),
        .target(name: "LiveSession", dependencies: ["LiveProtocol", "WritingSystems"], swiftSettings: pure),

        // Signal processing and I/O.
        .target(name: "Processes", dependencies: ["CProcess"], swiftSettings: common),
        .target(name: "Sphinx", dependencies: ["CPocketSphinx"], swiftSettings: common),
        // Optimised in debug builds too: unoptimised, a frame of 10 ms takes longer than that.
        .target(
            name: "AudioFrontEnd", dependencies: ["AudioCore", "CSpeexDSP", "CWebRTCAudio"],
            swiftSettings: common + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
        .target(name: "LiveTransport", dependencies: ["LiveProtocol", "CLibwebsockets"], swiftSettings: common),
        .target(
            name: "AudioDevices", dependencies: ["AudioCore", "AudioFrontEnd", "CALSA", "CPulse"],
            swiftSettings: common),
        .target(
            name: "Archive",
            dependencies: [
                "AudioCore", "AudioFrontEnd", "COpusEnc", "COpusFile", "Events", "WritingSystems", grdb,
            ],
            swiftSettings: common),

        // Wiring.
        .target(
            name: "Assistant",
            dependencies: [
                "Archive", "AudioCore", "AudioDevices", "AudioFrontEnd", "Events", "LiveProtocol", "LiveSession",
                "LiveTransport", "Processes", "Sphinx", configuration, logging, yams,
            ],
            swiftSettings: common),
        .target(name: "ControlProtocol", dependencies: ["Events", "LiveProtocol", flyingSocks], swiftSettings: common),
        .target(
            name: "ControlServer",
            dependencies: [
                "Assistant", "AudioDevices", "ControlProtocol", "Events", "LiveProtocol", "LiveSession", flyingSocks,
            ],
            swiftSettings: common),
        .target(name: "Observation", dependencies: ["Events", "Processes", flyingSocks, yams], swiftSettings: common),
        .executableTarget(
            name: "vivavoce",
            dependencies: [
                "Archive", "Assistant", "AudioDevices", "AudioFrontEnd", "CProcess", "ControlProtocol", "ControlServer",
                "Events", "LiveProtocol", "LiveSession", "Observation",
                argumentParser, logging,
            ],
            swiftSettings: common),

        // The stand-in service. It shares no codec with the client.
        .target(
            name: "Rehearsal",
            dependencies: [
                "AudioCore", "AudioFrontEnd", "CEspeakNG", "Sphinx", flyingFox, flyingSocks, yams,
            ],
            swiftSettings: common),
        .executableTarget(
            name: "vivavoce-rehearsal", dependencies: ["Rehearsal", argumentParser], swiftSettings: common),

        // Tests and measurements.
        .target(name: "CAllocationCount"),
        .target(
            name: "LiveProtocolFuzzing", dependencies: ["LiveProtocol"], path: "Tests/LiveProtocolFuzzing",
            exclude: ["Corpus", "LibFuzzer"], swiftSettings: common),
        .executableTarget(
            name: "LiveProtocolFuzz", dependencies: ["CAllocationCount", "LiveProtocol", "LiveProtocolFuzzing"],
            swiftSettings: common),
        .target(
            name: "LiveSessionModelling", dependencies: ["LiveProtocol", "LiveSession"],
            path: "Tests/LiveSessionModelling", swiftSettings: common),
        .executableTarget(name: "LiveSessionWalk", dependencies: ["LiveSessionModelling"], swiftSettings: common),
        .executableTarget(name: "WakeBench", dependencies: ["Sphinx"], swiftSettings: common),
        .executableTarget(
            name: "RecordBench", dependencies: ["Archive", "Events"], path: "bench/record", exclude: ["__main__.py"],
            swiftSettings: common),
        .executableTarget(
            name: "vivavoce-bench",
            dependencies: [
                "Assistant", "AudioCore", "Events", "LiveProtocol", "LiveSession", "LiveTransport", argumentParser,
            ],
            swiftSettings: common),
        .target(name: "TestKit", dependencies: ["LiveProtocol"], path: "Tests/TestKit", swiftSettings: common),
        .testTarget(name: "AudioCoreTests", dependencies: ["AudioCore"], swiftSettings: common),
        .testTarget(
            name: "AudioFrontEndTests", dependencies: ["AudioCore", "AudioFrontEnd", "CAllocationCount"],
            swiftSettings: common),
        .testTarget(
            name: "AudioDevicesTests",
            dependencies: ["AudioCore", "AudioDevices", "AudioFrontEnd", "CAllocationCount", "TestKit"],
            swiftSettings: common),
        .testTarget(
            name: "ArchiveTests", dependencies: ["Archive", "AudioCore", "Events", "TestKit", grdb],
            swiftSettings: common),
        .testTarget(name: "EventsTests", dependencies: ["ControlProtocol", "Events"], swiftSettings: common),
        .testTarget(
            name: "LiveProtocolTests", dependencies: ["CAllocationCount", "LiveProtocol", "LiveProtocolFuzzing"],
            swiftSettings: common),
        .testTarget(
            name: "LiveSessionTests", dependencies: ["LiveProtocol", "LiveSession", "LiveSessionModelling"],
            swiftSettings: common),
        .testTarget(
            name: "LiveTransportTests", dependencies: ["LiveProtocol", "LiveTransport", "TestKit", flyingFox],
            swiftSettings: common),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Archive", "Assistant", "AudioDevices", "AudioFrontEnd", "ControlProtocol", "Events", "LiveProtocol",
                "LiveSession", "Observation", "vivavoce",
                argumentParser,
            ],
            swiftSettings: common),
        .testTarget(
            name: "AssistantTests",
            dependencies: [
                "Assistant", "AudioCore", "AudioDevices", "Events", "LiveProtocol", "LiveSession", "LiveTransport",
                "Rehearsal", "Sphinx", "TestKit", logging,
            ],
            swiftSettings: common),
        .testTarget(
            name: "ControlTests",
            dependencies: ["Assistant", "ControlProtocol", "ControlServer", "Events", "LiveProtocol", "LiveSession"],
            swiftSettings: common),
        .testTarget(
            name: "ObservationTests", dependencies: ["Events", "Observation", "TestKit"], swiftSettings: common),
        .testTarget(
            name: "RehearsalTests", dependencies: ["Rehearsal", "TestKit", flyingFox, flyingSocks],
            swiftSettings: common),
    ].filter(isWanted),
    cxxLanguageStandard: .cxx17
)
