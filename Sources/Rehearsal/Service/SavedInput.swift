/// What the microphone sent, as it came, in a WAV file.
struct SavedInput {
    private final class Box {
        var file: WaveFile
        init(_ file: consuming WaveFile) { self.file = file }
    }

    private let path: String?
    private var box: Box?

    /// - Parameter path: for the first connection; later ones get their number before the suffix.
    init(path: String?, connection: Int) {
        guard let path, connection > 1 else {
            self.path = path
            return
        }
        let stem = path.hasSuffix(".wav") ? String(path.dropLast(4)) : path
        self.path = "\(stem)-\(connection).wav"
    }

    mutating func append(_ pcm: ClientMessage.PCM) {
        guard let path else { return }
        if box == nil, let file = try? WaveFile(path: path, rate: pcm.rate) { box = Box(file) }
        box?.file.append(pcm.samples)
    }
}
