/// Reads client messages as strictly as the real service does: one member per message, no unknown names, valid base64.
enum WireDecoder {
    /// - Parameter bytes: the payload of a text or binary message.
    /// - Throws: what the connection is to be closed with.
    static func decode(_ bytes: [UInt8]) throws(Refusal) -> ClientMessage {
        let json: JSON
        do {
            json = try JSONReader.read(bytes)
        } catch {
            throw .invalid("Invalid JSON payload received. At byte \(error.offset): \(error.reason).")
        }
        let message = try Fields(
            json, at: "", names: ["setup", "clientContent", "realtimeInput", "toolResponse", "contextUpdate"])
        // A protobuf `oneof` takes one member, and a message without any means nothing.
        guard message.present.count == 1, let kind = message.present.first, let body = message[kind] else {
            throw .invalidArgument
        }
        switch kind {
        case "setup": return .setup(try SetupRequest(body))
        case "clientContent": return .clientContent(try clientContent(body))
        case "realtimeInput": return try realtimeInput(body)
        case "toolResponse": return .toolResponse(try toolResponse(body))
        default: return .contextUpdate
        }
    }

    // MARK: Members

    private static func realtimeInput(_ body: JSON) throws(Refusal) -> ClientMessage {
        let input = try Fields(
            body, at: "realtime_input",
            names: ["audio", "video", "text", "activityStart", "activityEnd", "audioStreamEnd", "mediaChunks"])
        guard input.present.count == 1, let kind = input.present.first, let value = input[kind] else {
            throw .invalidArgument
        }
        switch kind {
        case "audio": return try audio(value, at: "realtime_input.audio")
        case "video":
            let blob = try Blob(value, at: "realtime_input.video")
            guard blob.mimeType.hasPrefix("image/") else { throw .invalidArgument }
            return .video(mimeType: blob.mimeType, byteCount: blob.bytes.count)
        case "text":
            guard let text = try input.string("text") else { throw .invalidArgument }
            return .text(text)
        case "activityStart":
            _ = try input.object(kind, names: [])
            return .activityStart
        case "activityEnd":
            _ = try input.object(kind, names: [])
            return .activityEnd
        case "audioStreamEnd":
            guard try input.bool(kind) == true else { throw .invalidArgument }
            return .audioStreamEnd
        default:
            // Deprecated: of several chunks only the first is looked at.
            guard let first = value.array?.first else { throw .invalidArgument }
            let blob = try Blob(first, at: "realtime_input.media_chunks[0]")
            guard blob.mimeType.hasPrefix("audio/") else {
                return .video(mimeType: blob.mimeType, byteCount: blob.bytes.count)
            }
            return try audio(first, at: "realtime_input.media_chunks[0]")
        }
    }

    private static func audio(_ value: JSON, at path: String) throws(Refusal) -> ClientMessage {
        let blob = try Blob(value, at: path)
        let parts = blob.mimeType.lowercased().split(separator: ";").map { $0.filter { $0 != " " } }
        guard parts.first == "audio/pcm" else {
            throw .invalid("Unsupported audio MIME type \"\(blob.mimeType)\": audio/pcm is due.")
        }
        var rate = 16_000
        for parameter in parts.dropFirst() where parameter.hasPrefix("rate=") {
            guard let given = Int(parameter.dropFirst(5)), (4_000...192_000).contains(given) else {
                throw .invalid("Unsupported sample rate in \"\(blob.mimeType)\".")
            }
            rate = given
        }
        guard blob.bytes.count % 2 == 0 else { throw .invalid("Audio of 16-bit samples holds an odd number of bytes.") }
        let samples = stride(from: 0, to: blob.bytes.count, by: 2).map { index in
            Int16(bitPattern: UInt16(blob.bytes[index]) | UInt16(blob.bytes[index + 1]) << 8)
        }
        return .audio(ClientMessage.PCM(samples: samples, rate: rate))
    }

    private static func clientContent(_ body: JSON) throws(Refusal) -> ClientMessage.ClientContent {
        let content = try Fields(body, at: "client_content", names: ["turns", "turnComplete"])
        var turns: [ClientMessage.Turn] = []
        for (index, value) in (try content.array("turns") ?? []).enumerated() {
            turns.append(try turn(value, at: "client_content.turns[\(index)]"))
        }
        return ClientMessage.ClientContent(turns: turns, isTurnComplete: try content.bool("turnComplete") ?? false)
    }

    static func turn(_ value: JSON, at path: String) throws(Refusal) -> ClientMessage.Turn {
        let content = try Fields(value, at: path, names: ["role", "parts"])
        let role = try content.string("role") ?? "user"
        guard role == "user" || role == "model" else {
            throw .invalid("Please use a valid role: user, model.")
        }
        var texts: [String] = []
        var mediaCount = 0
        for (index, value) in (try content.array("parts") ?? []).enumerated() {
            let part = try Fields(value, at: "\(path).parts[\(index)]", names: partNames)
            if part["functionResponse"] != nil { throw .invalid("Function responses belong in tool_response.") }
            if let text = try part.string("text") { texts.append(text) }
            if let data = part["inlineData"] {
                _ = try Blob(data, at: part.place(of: "inlineData"))
                mediaCount += 1
            }
        }
        return ClientMessage.Turn(role: role, text: texts.joined(separator: " "), mediaCount: mediaCount)
    }

    private static func toolResponse(_ body: JSON) throws(Refusal) -> [ClientMessage.FunctionResponse] {
        let tool = try Fields(body, at: "tool_response", names: ["functionResponses"])
        var responses: [ClientMessage.FunctionResponse] = []
        for (index, value) in (try tool.array("functionResponses") ?? []).enumerated() {
            let fields = try Fields(
                value, at: "tool_response.function_responses[\(index)]",
                names: ["id", "name", "response", "scheduling", "willContinue", "parts"])
            let response = fields["response"] ?? .object([])
            guard response.members != nil else {
                throw .wrongValue(at: fields.place(of: "response"), expected: "an object is due")
            }
            let scheduling = try fields.choice("scheduling", of: ["SILENT", "WHEN_IDLE", "INTERRUPT"])
            responses.append(
                ClientMessage.FunctionResponse(
                    id: try fields.string("id"), name: try fields.string("name"), response: response,
                    scheduling: ClientMessage.Scheduling(rawValue: scheduling ?? ""),
                    willContinue: try fields.bool("willContinue") ?? false))
        }
        guard !responses.isEmpty else { throw .invalidArgument }
        return responses
    }

    private static let partNames: Set<String> = [
        "text", "thought", "thoughtSignature", "inlineData", "fileData", "functionCall", "functionResponse",
        "executableCode", "codeExecutionResult", "videoMetadata", "mediaResolution", "partMetadata",
    ]

    /// `Blob` of the protocol: bytes and what they are.
    private struct Blob {
        let mimeType: String
        let bytes: [UInt8]

        init(_ value: JSON, at path: String) throws(Refusal) {
            let fields = try Fields(value, at: path, names: ["data", "mimeType", "displayName"])
            guard let data = try fields.string("data"), let mimeType = try fields.string("mimeType") else {
                throw .invalidArgument
            }
            guard let bytes = Base64.decode(data) else {
                throw .wrongValue(at: fields.place(of: "data"), expected: "TYPE_BYTES: Base64 decoding failed")
            }
            self.mimeType = mimeType
            self.bytes = bytes
        }
    }
}
