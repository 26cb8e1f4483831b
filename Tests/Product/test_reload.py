"""Settings that change while the daemon runs: by saving a file, by a signal and by asking."""

import json
import os
import signal

from product import read_wav
from test_daemon import DaemonCase


class ReloadTests(DaemonCase):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "config" / "vivavoce" / "vivavoce.yaml"

    def save(self, text, file=None):
        """As editors do: a new file takes the old one's place."""
        file = file or self.file
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(text)
        os.replace(draft, file)

    def test_saving_the_file_changes_what_is_under_way(self):
        self.save("audio: {volume: 80}\n")
        self.start()
        calls = self.live()
        session = calls.call("status")["result"]["session"]
        self.save("audio: {volume: 30}\nturns: {mode: hold}\nwake: {followUpSeconds: 9}\npersona: {voice: Kore}\n")
        told = calls.wait("settings.reloaded")
        self.assertEqual(told["applied"], ["audio.volume", "turns.mode"])
        self.assertEqual(told["nextTurn"], ["wake.followUpSeconds"])
        self.assertEqual(told["nextSession"], ["persona.voice"])
        self.assertEqual((told["restart"], told["kept"]), ([], []))
        self.wait_for(lambda: calls.call("status")["result"]["mode"] == "hold")
        self.assertEqual(calls.call("status")["result"]["session"], session)
        sound = self.folder / "o.wav"
        self.save(f"audio: {{volume: 30, output: 'file:{sound}'}}\nturns: {{mode: open}}\n")
        told = calls.wait("settings.reloaded")
        self.assertEqual(told["kept"], ["audio.output (--output)"])
        self.assertEqual(told["nextSession"], ["persona.voice"])
        self.assertEqual(told["applied"], ["turns.mode"])
        self.assertFalse(sound.exists())

    def test_the_next_answer_is_as_loud_as_the_file_says(self):
        sound = self.folder / "o.wav"
        self.save("audio: {volume: 100}\n")
        process = self.start(output=f"file:{sound}")
        calls = self.live()
        calls.call("say", text="what is two plus two")
        calls.wait("turn.completed", speaker="model")
        self.save("audio: {volume: 10}\n")
        calls.wait("settings.reloaded", applied=["audio.volume"])
        calls.call("say", text="what is two plus two")
        calls.wait("turn.completed", speaker="model")
        process.terminate()
        self.assertEqual(process.wait(10), 0)
        samples = read_wav(sound)[1]
        spoken = [index for index, sample in enumerate(samples) if sample]
        pause = max(zip(spoken, spoken[1:]), key=lambda pair: pair[1] - pair[0])[1]
        loud, quiet = max(map(abs, samples[:pause])), max(map(abs, samples[pause:]))
        self.assertAlmostEqual(quiet / loud, 0.1, delta=0.03)

    def test_a_folder_may_come_later_and_the_file_may_be_a_link(self):
        self.start()
        calls = self.live()
        self.assertFalse(self.file.parent.exists())
        self.save("turns: {mode: hold}\n")
        self.assertEqual(calls.wait("settings.reloaded")["applied"], ["turns.mode"])
        real = self.folder / "dotfiles" / "vivavoce.yaml"
        self.save("turns: {mode: half}\n", real)
        link = self.file.with_suffix(".link")
        link.symlink_to(real)
        os.replace(link, self.file)
        self.assertEqual(calls.wait("settings.reloaded")["applied"], ["turns.mode"])
        real.write_text("turns: {mode: open}\n")
        self.assertEqual(calls.wait("settings.reloaded")["applied"], ["turns.mode"])
        self.file.unlink()
        self.save("turns: {mode: local}\n")
        self.assertEqual(calls.wait("settings.reloaded")["applied"], ["turns.mode"])

    def test_a_device_is_gone_over_to(self):
        self.save("audio: {output: null}\n")
        self.start(output=None)
        calls = self.live()
        sound = self.folder / "o.wav"
        self.save(f"audio: {{output: 'file:{sound}'}}\n")
        self.assertEqual(calls.wait("settings.reloaded")["applied"], ["audio.output"])
        calls.wait("audio.device", direction="output", state="changed")
        self.wait_for(sound.exists)

    def test_a_mistake_changes_nothing_and_is_told(self):
        self.save("audio: {volume: 80, output: null}\n")
        process = self.start(output=None)
        calls = self.live()
        for text, line, words in (
            ("turns: {mode: hold}\naudio:\n  volum: 20\n", 3, "did you mean `audio.volume`"),
            ("turns: {mode: hold}\naudio: {volume: loud}\n", 2, "0 to 100"),
            ("turns: {mode: hold}\naudio: {output: 'file:'}\n", 2, "`audio.output`"),
            ("turns: {mode: hold}\nprofile: kichen\nprofiles: {kitchen: {}}\n", 2, "did you mean `kitchen`"),
            ("turns: {mode: hold\n", None, "not YAML"),
        ):
            self.save(text)
            told = calls.wait("warning", code="settings.notApplied")
            self.assertIn(words, told["message"])
            if line:
                self.assertIn(f"{self.file}:{line}:", told["message"])
            refused = calls.call("reload")["error"]
            self.assertEqual(refused["message"], told["message"])
            self.assertIn(words, self.verb("reload", code=69)[1])
            self.assertEqual(calls.call("status")["result"]["mode"], "open")
        self.assertIsNone(process.poll())
        self.save("audio: {volume: 80, output: null}\nturns: {mode: half}\n")
        self.assertEqual(calls.wait("settings.reloaded")["applied"], ["turns.mode"])

    def test_without_the_watch_it_reads_when_it_is_asked(self):
        self.save("config: {watch: off}\n")
        process = self.start()
        calls = self.live()
        self.save("config: {watch: off}\nturns: {mode: hold}\n")
        answer = calls.call("reload")["result"]
        self.assertEqual(answer["applied"], ["turns.mode"])
        self.save("config: {watch: on}\nturns: {mode: half}\n")
        process.send_signal(signal.SIGHUP)
        self.assertEqual(calls.wait("settings.reloaded", applied=["turns.mode", "config.watch"])["kept"], [])
        self.assertEqual(json.loads(self.verb("reload", "--json")[0])["applied"], [])
        self.assertEqual(self.verb("reload")[0], "nothing changed\n")

    def test_a_profile_lies_over_its_file(self):
        self.save(
            "audio: {volume: 80}\nprofiles:\n  kitchen:\n    audio: {volume: 40}\n    turns: {mode: half}\n"
            "  night: {audio: {volume: 10}}\n")
        shown = self.verb("config", "show", "--profile", "kitchen")[0]
        self.assertIn(f"volume: 40  # {self.file}:4 (profile kitchen)", shown)
        self.assertIn("# profile: kitchen (--profile)", shown)
        finished = self.run_vivavoce("config", "show", VIVAVOCE_PROFILE="kichen")
        self.assertExit(finished, 78)
        self.assertIn(b"VIVAVOCE_PROFILE is \"kichen\"", finished.stderr)
        self.assertIn(b"did you mean `kitchen`", finished.stderr)
        self.start("--profile", "kitchen")
        calls = self.live()
        self.wait_for(lambda: calls.call("status")["result"]["mode"] == "half")
        self.save(self.file.read_text().replace("mode: half", "mode: hold"))
        self.assertEqual(calls.wait("settings.reloaded")["applied"], ["turns.mode"])
        self.wait_for(lambda: calls.call("status")["result"]["mode"] == "hold")
