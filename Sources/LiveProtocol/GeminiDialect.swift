/// The Gemini Live wire format, for one model on one backend.
///
/// Sends camelCase, the standard base64 alphabet, and one member a message, which is what every version of the
/// service takes; reads all that it is known to send, in text or binary frames alike (invariant 1).
package struct GeminiDialect: Dialect {
    /// What the model takes; decides which commands have a message.
    package let family: ModelFamily
    private let backend: Backend
    private let apiVersion: String

    private let voicePrefix = Array(
        #"{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":""#.utf8)
    private let voiceSuffix = Array(#""}}}"#.utf8)

    /// - Parameters:
    ///   - model: that of the session's setup, bare or with its path.
    ///   - apiVersion: as in the endpoint's path; some members exist in `v1alpha` only.
    package init(
        model: String = ModelCatalogue.defaultModel, backend: Backend = .developer, apiVersion: String = "v1beta"
    ) {
        family = ModelCatalogue.family(of: model)
        self.backend = backend
        self.apiVersion = apiVersion
    }

    package func encode(_ setup: SessionSetup) -> EncodedSetup {
        GeminiSetup(setup, backend: backend, apiVersion: apiVersion).encoded()
    }

    /// nil where the model has no message for the command or would close the session for it: turns or a stop on a
    /// model that takes them only at the start, tool results on one without functions, text where only speech goes.
    package func encode(_ command: LiveCommand) -> [UInt8]? {
        GeminiCommand(family: family, backend: backend).encoded(command)
    }

    package func appendVoice(_ first: Span<Int16>, _ second: Span<Int16>, to frame: inout [UInt8]) {
        let start = frame.count + voicePrefix.count
        let textCount = Base64.encodedCount(ofBytes: 2 * (first.count + second.count))
        frame.append(contentsOf: voicePrefix)
        frame.append(addingCapacity: textCount) { $0.append(repeating: 0, count: textCount) }
        var encoder = Base64.SampleEncoder(at: start)
        var bytes = frame.mutableSpan
        // SAFETY: the elements are bytes, so any bits make one.
        var output = unsafe bytes.mutableBytes
        encoder.encode(first, into: &output)
        encoder.encode(second, into: &output)
        encoder.finish(into: &output)
        frame.append(contentsOf: voiceSuffix)
    }

    /// Decodes one message; see `Dialect.decode`. The order of its events, whatever the order of its members:
    ///
    /// 1. `setupCompleted`, `interrupted`, `toolCallsCancelled`;
    /// 2. `speech` (one for all of the message's audio), then the other content in the order of its bytes: texts,
    ///    transcripts, media, code, grounding, voice activity, unknown members;
    /// 3. `toolCalled`, `generationCompleted`, `usage`, `interactionStatus`, `turnCompleted`;
    /// 4. `resumption`, `goAway`, `serviceError`.
    ///
    /// - Throws: what is wrong with the message. One that is no JSON object, ends early or nests too deep is dropped
    ///   whole: `events` and `speech` stay as they were. Where only some media in it is damaged (bad base64, half a
    ///   sample), everything else and the speech up to the damage has been delivered by the time this throws.
    package func decode(
        _ message: Span<UInt8>, speech: any MediaSink, events: inout [LiveEvent]
    ) throws(DecodingFailure) {
        let start = events.count
        var reader = GeminiMessage(message)
        do {
            try reader.read(message, content: &events)
        } catch {
            events.removeSubrange(start...)
            throw error
        }
        reader.deliver(message, contentStart: start, speech: speech, events: &events)
        if let damage = reader.damage { throw damage }
    }
}
