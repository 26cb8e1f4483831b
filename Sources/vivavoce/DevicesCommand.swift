import ArgumentParser
import AudioDevices
import Events

/// Lists what a conversation can hear with and speak through.
struct Devices: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "List inputs and outputs: the name to give, and what each supports.")

    @Flag(help: "One JSON object a line.") var json = false

    func run() async throws {
        for direction in [DeviceDirection.input, .output] {
            let listings = DeviceListing.all(for: direction)
            print(json ? Self.jsonLines(listings, direction) : Self.table(listings, direction), terminator: "")
        }
    }

    /// A heading, then a line for each device: its name, what it supports or why that is not known, and what it is.
    static func table(_ listings: [DeviceListing], _ direction: DeviceDirection) -> String {
        let width = listings.map(\.name.count).max() ?? 0
        let lines = listings.map { listing in
            let name = listing.name + String(repeating: " ", count: width - listing.name.count)
            let description = listing.description.split(separator: "\n").joined(separator: ", ")
            let support = (listing.abilities?.text ?? listing.problem).map { " [\($0)]" } ?? ""
            return "  \(name)  \(description)\(support)\n"
        }
        return "--\(direction.rawValue)\n" + lines.joined()
    }

    static func jsonLines(_ listings: [DeviceListing], _ direction: DeviceDirection) -> String {
        listings.map { listing in
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("direction", direction.rawValue)
                writer.member("name", listing.name)
                writer.member("description", listing.description)
                if let abilities = listing.abilities {
                    writer.member("lowestRate", abilities.hertz.lowerBound)
                    writer.member("highestRate", abilities.hertz.upperBound)
                    writer.member("fewestChannels", abilities.channels.lowerBound)
                    writer.member("mostChannels", abilities.channels.upperBound)
                    writer.member("formats", abilities.formats.map { "\($0)" })
                }
                writer.member("problem", ifPresent: listing.problem)
            }
            return String(decoding: writer.bytes, as: UTF8.self) + "\n"
        }.joined()
    }
}

extension DeviceListing.Abilities {
    /// Such as `8000-48000 Hz, 1-2 channels, int16 float32`.
    fileprivate var text: String {
        func span(_ range: ClosedRange<Int>) -> String {
            range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        }
        let formats = formats.map { "\($0)" }.joined(separator: " ")
        return "\(span(hertz)) Hz, \(span(channels)) channel\(channels.upperBound == 1 ? "" : "s"), \(formats)"
    }
}
