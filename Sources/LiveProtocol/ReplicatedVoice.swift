/// A voice copied from a recording, with the consent of the person it belongs to.
package struct ReplicatedVoice: Sendable, Equatable {
    package var mimeType: String
    package var sample: [UInt8]
    package var consent: [UInt8]
    /// From an earlier session's `setupComplete`; spares the check of the consent.
    package var consentSignature: String?

    package init(mimeType: String, sample: [UInt8], consent: [UInt8], consentSignature: String? = nil) {
        self.mimeType = mimeType
        self.sample = sample
        self.consent = consent
        self.consentSignature = consentSignature
    }
}
