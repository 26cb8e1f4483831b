import AudioCore

/// The last half second that went to a device: where a fade comes from when the device is silenced.
struct FadeTail: ~Copyable {
    /// Long enough not to click, short enough not to be heard as speech (pitfall 38).
    static var fade: Duration { .milliseconds(5) }

    private let frames: Scratch<Int16>
    private let fadeLength: Int
    /// Frames remembered since the start; the newest is at `count - 1`, modulo the size.
    private var count = 0

    init(rate: SampleRate) {
        frames = Scratch(samples: rate.hertz / 2)
        fadeLength = rate.frames(in: Self.fade)
    }

    /// RT safe.
    mutating func remember(_ played: Span<Int16>) {
        let frames = self.frames.elements
        for index in played.indices { frames[(count + index) % frames.count] = played[index] }
        count += played.count
    }

    /// Continues what was playing when the newest `unheard` frames were dropped, down to nothing; silence follows.
    /// 0 is silence at once. Forgets what it remembered: it was dropped. RT safe.
    mutating func fade(unheard: Int, into target: inout MutableSpan<Int16>) {
        let frames = self.frames.elements
        // A device that held more than is remembered gets silence: what came next is not known any more.
        let known = unheard <= min(count, frames.count) ? unheard : 0
        let length = min(fadeLength, known, target.count)
        for index in 0..<length {
            let frame = Float(frames[(count - unheard + index) % frames.count])
            target[index] = Int16(frame * (1 - Fade.gain(Float(index + 1) / Float(length + 1))))
        }
        for index in length..<target.count { target[index] = 0 }
        count = 0
    }
}
