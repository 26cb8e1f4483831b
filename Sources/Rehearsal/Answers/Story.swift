/// A story of about forty seconds: long enough to be interrupted.
enum Story {
    static let sentences = [
        "Once upon a time, there was a lighthouse keeper who could not sleep.",
        "Every night she climbed the stairs, lit the lamp, and counted the ships.",
        "On most nights there were seven, and she knew each of them by its lights.",
        "But one evening in autumn there was an eighth.",
        "It had no name on its side, and no flag, and it did not move with the waves.",
        "The keeper took her small boat and rowed out to it.",
        "When she came close, she saw that it was made of paper.",
        "A child sat in it, reading a letter by the light of a jar full of fireflies.",
        "The child said: I have written to you for years, but the sea is slow to carry mail.",
        "So the keeper sat down and read all of the letters, one after the other.",
        "By the time she finished, the sun was up, and the paper ship had become a white bird.",
        "It flew three times around the lighthouse, and then it was gone.",
        "Since that night the keeper has slept very well, and she still counts the ships, just in case.",
    ]
}
