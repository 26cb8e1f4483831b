extension PriceTable {
    /// config/prices.yaml, so that a program without its files knows what things cost. A test compares the two.
    static let builtInText = """
        # What a million tokens cost, by model, direction and modality: what vivavoce estimates a conversation's cost by.
        #
        # The service's bill is what counts; these are list prices read in October 2026, for the developer API without discounts.
        # To use others, copy this file, correct it, and name it in the setting cost.prices.
        #
        # A model is named in full, or by its beginning and a `*`; of several that fit, the longest name counts. A modality that is
        # not listed is counted at the dearest rate of its direction, so that a budget is kept rather than passed by mistake.
        # Every answer is billed with the whole context before it; transcripts are billed as text output.
        date: 2026-10-31
        currency: USD
        models:
          gemini-3.8-live*:
            input: {TEXT: 0.75, AUDIO: 3.00, IMAGE: 1.00, VIDEO: 1.00}
            output: {TEXT: 4.50, AUDIO: 12.00}
          gemini-3.1-flash-live*:
            input: {TEXT: 0.75, AUDIO: 3.00, IMAGE: 1.00, VIDEO: 1.00}
            output: {TEXT: 4.50, AUDIO: 12.00}
          gemini-2.5-flash-native-audio*:
            input: {TEXT: 0.50, AUDIO: 3.00, IMAGE: 3.00, VIDEO: 3.00}
            output: {TEXT: 2.00, AUDIO: 12.00}
          gemini-live-2.5-flash-native-audio*:
            input: {TEXT: 0.50, AUDIO: 3.00, IMAGE: 3.00, VIDEO: 3.00}
            output: {TEXT: 2.00, AUDIO: 12.00}
        """
}
