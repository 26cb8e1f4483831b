/// A talking face; with `modality` video.
package struct Avatar: Sendable, Equatable {
    package struct Custom: Sendable, Equatable {
        package var imageMimeType: String
        package var image: [UInt8]

        package init(imageMimeType: String, image: [UInt8]) {
            self.imageMimeType = imageMimeType
            self.image = image
        }
    }

    package var name: String?
    package var custom: Custom?
    /// Bits a second.
    package var audioBitrate: Int?
    /// Bits a second.
    package var videoBitrate: Int?

    package init(name: String? = nil, custom: Custom? = nil) {
        self.name = name
        self.custom = custom
    }
}
