import FlyingFox
import Foundation

/// Something that no service should send, and that no client may fall over.
enum HostileMessage: String, CaseIterable, Sendable {
    // JSON, or not quite.

    case brokenJSON
    case wrongTypes
    /// 100,000 brackets.
    case nested
    case badBase64
    /// PCM with half a sample too much.
    case oddPCM
    /// 20 MB of well-formed speech.
    case large
    /// A text frame with bytes that are no UTF-8, for which RFC 6455 (8.1) wants the connection failed.
    case invalidUTF8
    /// The same in a binary frame, where only the JSON is wrong.
    case invalidBytes
    case unknownKeys
    case emptyContent
    case errorObject
    /// Numbers and times that nobody can mean: negative, endless, of rates that do not exist.
    case oddValues

    // Frames that RFC 6455 forbids.

    case reservedBits
    case reservedOpcode
    /// A continuation of nothing.
    case loneContinuation
    /// A ping of more than 125 bytes.
    case longPing
    /// A masked frame, which only clients send.
    case masked
    /// A close frame whose reason ends inside a character.
    case cutReason
    /// A close frame of one byte.
    case shortClose

    /// Whether a client that keeps to the RFC, or to a size limit, must end the connection over it.
    var endsConnection: Bool {
        switch self {
        case .large, .invalidUTF8, .reservedBits, .reservedOpcode, .loneContinuation, .longPing, .masked, .cutReason,
            .shortClose:
            true
        default: false
        }
    }

    /// The frames to send, in order.
    var frames: [WSFrame] {
        switch self {
        case .brokenJSON: [#"{"serverContent":"#, "", "nonsense", #"{"a":1}}"#, #"{"a":"#].map(Self.message)
        case .wrongTypes: Self.mistypedTexts.map(Self.message)
        case .nested: [Self.message(String(repeating: "[", count: 100_000))]
        case .badBase64: [Self.message(Self.speech(data: "*not base64*"))]
        case .oddPCM: [Self.message(Self.speech(data: "AAAA"))]
        case .large: [Self.message(Self.speech(data: String(repeating: "A", count: 20_000_000)))]
        case .invalidUTF8: [Self.frame(.text, [0x7B, 0x22, 0xC3, 0x28, 0x22, 0x3A, 0x31, 0x7D])]
        case .invalidBytes: [Self.frame(.binary, [0x7B, 0x22, 0xC3, 0x28, 0x22, 0x3A, 0x31, 0x7D])]
        case .unknownKeys:
            [Self.message(#"{"unheardOf":[1,{"b":null}],"serverContent":{"unheardOf":{"turnComplete":true}}}"#)]
        case .emptyContent: [#"{"serverContent":{}}"#, "{}"].map(Self.message)
        case .errorObject:
            [Self.message(#"{"error":{"code":500,"message":"Internal error encountered.","status":"INTERNAL"}}"#)]
        case .oddValues: Self.oddTexts.map(Self.message)
        case .reservedBits:
            [WSFrame(fin: true, rsv1: true, rsv3: true, opcode: .binary, mask: nil, payload: Data("{}".utf8))]
        case .reservedOpcode: [Self.frame(WSFrame.Opcode(0x3), Array("{}".utf8))]
        case .loneContinuation: [Self.frame(.continuation, Array("{}".utf8))]
        case .longPing: [Self.frame(.ping, [UInt8](repeating: 0, count: 200))]
        case .masked:
            [
                WSFrame(
                    fin: true, opcode: .binary, mask: .init(m1: 1, m2: 2, m3: 3, m4: 4), payload: Data("{}".utf8))
            ]
        case .cutReason: [Self.frame(.close, [0x03, 0xF3] + Array("Internal error… ".utf8.dropLast(2)))]
        case .shortClose: [Self.frame(.close, [0x03])]
        }
    }

    private static let mistypedTexts = [
        "[]", "7", #""serverContent""#, #"{"serverContent":[]}"#, #"{"serverContent":{"modelTurn":"hello"}}"#,
        #"{"serverContent":{"modelTurn":{"parts":{"text":7}}}}"#, #"{"serverContent":{"turnComplete":"maybe"}}"#,
        #"{"serverContent":{"inputTranscription":["a"],"outputTranscription":{"text":false}}}"#,
        #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":7,"data":{}}}]}}}"#,
        #"{"toolCall":{"functionCalls":{"id":1}}}"#, #"{"toolCallCancellation":{"ids":"all"}}"#,
        #"{"goAway":{"timeLeft":5}}"#, #"{"sessionResumptionUpdate":{"newHandle":7,"resumable":"yes"}}"#,
        #"{"usageMetadata":"many"}"#,
    ]

    private static let oddTexts = [
        #"{"usageMetadata":{"promptTokenCount":1e300,"responseTokenCount":-5,"totalTokenCount":"9223372036854775808"}}"#,
        #"{"sessionResumptionUpdate":{"resumable":true,"newHandle":""}}"#,
        #"{"voiceActivity":{"type":"ACTIVITY_START","audioOffset":"-1e99s"}}"#,
        #"{"toolCallCancellation":{"ids":["../../../tmp/x","\u0000",""]}}"#,
        speech(data: "AAAA", type: "audio/pcm;rate=0"), speech(data: "AAAA", type: "audio/pcm;rate=-24000"),
        speech(data: "AAAA", type: "audio/pcm;rate=99999999999999999999"), speech(data: "", type: "audio/pcm"),
    ]

    private static func speech(data: String, type: String = "audio/pcm;rate=24000") -> String {
        #"{"serverContent":{"modelTurn":{"role":"model","parts":[{"inlineData":{"mimeType":"\#(type)","data":""#
            + data + #""}}]}}}"#
    }

    private static func message(_ text: String) -> WSFrame { frame(.binary, Array(text.utf8)) }

    private static func frame(_ opcode: WSFrame.Opcode, _ payload: [UInt8]) -> WSFrame {
        WSFrame(fin: true, opcode: opcode, mask: nil, payload: Data(payload))
    }
}
