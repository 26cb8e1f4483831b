/// What a session is to be like; a dialect puts it into its provider's words.
package struct SessionSetup: Sendable, Equatable {
    package var model: String
    package var voice: String?

    package init(model: String) { self.model = model }
}
