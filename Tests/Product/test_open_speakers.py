"""Open loudspeakers in a simulated room: the client neither hears itself nor misses whoever speaks into its answer."""

import os
import sys
import unittest
from pathlib import Path

from product import VIVAVOCE, ProductTests

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench" / "open-speakers"))
import scenes  # noqa: E402
from stage import Stage  # noqa: E402


@unittest.skipUnless(
    os.environ.get("VIVAVOCE_ROOM"),
    "a simulated room needs a machine that does nothing else; VIVAVOCE_ROOM=1, or scripts/bench-open-speakers")
class OpenSpeakerTests(ProductTests):
    def stage(self, *arguments):
        stage = Stage(self.folder, [VIVAVOCE], self.environment(), arguments)
        return self.enterContext(stage)

    def test_a_conversation_of_ten_turns_is_not_interrupted_by_its_own_echo(self):
        talk = scenes.converse(self.stage(), 10)
        self.assertEqual(talk, {"answered": 10, "selfInterruptions": 0})

    def test_whoever_speaks_into_the_answer_is_heard(self):
        cuts = scenes.interrupt(self.stage(), 3)
        self.assertEqual(cuts["noticed"], 3)
        self.assertEqual(len(cuts["fromOnset"]), 3, "it did not fall silent")


if __name__ == "__main__":
    unittest.main()
