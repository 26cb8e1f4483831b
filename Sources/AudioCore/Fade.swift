/// How sound goes from nothing to full and back.
package enum Fade {
    /// The gain at `progress` of a fade in, without a corner at either end, so that a few milliseconds do not click.
    ///
    /// - Parameter progress: 0 … 1, clamped.
    package static func gain(_ progress: Float) -> Float {
        let x = min(1, max(0, progress))
        return x * x * (3 - 2 * x)
    }
}
