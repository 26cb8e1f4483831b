"""The examples in config/hooks, as a user who copies them would run them: with stand-ins for the programs that they call."""

import os
import subprocess
from pathlib import Path

from product import ProductTests
from test_daemon import DaemonCase

HOOKS = Path(__file__).resolve().parents[2] / "config" / "hooks"


class HookExampleTests(ProductTests):
    def setUp(self):
        super().setUp()
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        self.log = self.folder / "log"
        self.log.touch()

    def program(self, name, says=""):
        """A stand-in on PATH that writes down how it was called, and prints that."""
        (self.programs / f"{name}.says").write_text(says)
        program = self.programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.log}\ncat "$0.says"\n')
        program.chmod(0o755)

    def hook(self, name, *arguments, code=0, **variables):
        finished = subprocess.run(
            [HOOKS / name, *arguments], input=b"{}\n", capture_output=True, timeout=20, env={
                "PATH": f"{self.programs}:/usr/bin:/bin", "HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder)
            } | {f"VIVAVOCE_{key}": value for key, value in variables.items()})
        self.assertExit(finished, code)
        self.assertEqual(finished.stderr, b"")
        calls = self.log.read_text().splitlines()
        self.log.write_text("")
        return calls

    def test_they_are_shell_scripts_that_can_be_run(self):
        names = [path.name for path in HOOKS.iterdir()]
        self.assertEqual(sorted(names), ["led", "notify", "pause-music"])
        for name in names:
            self.assertTrue(os.access(HOOKS / name, os.X_OK), name)
            subprocess.run(["sh", "-n", HOOKS / name], check=True)

    def test_the_notification_shows_words_as_they_are(self):
        self.program("notify-send")
        said = self.hook("notify", EVENT="transcript.final", SPEAKER="model", TEXT="--help $(rm) `x`")
        self.assertEqual(said, ["notify-send --app-name=vivavoce -- model --help $(rm) `x`"])
        told = self.hook("notify", EVENT="warning", MESSAGE="something odd")
        self.assertEqual(told, ["notify-send --app-name=vivavoce --urgency=critical -- warning something odd"])
        self.assertEqual(self.hook("notify", EVENT="turn.started"), [])

    def test_the_music_pauses_while_the_model_speaks_and_what_was_silent_stays_so(self):
        self.program("playerctl", "mpd Playing\nradio Paused\n")
        begun = self.hook("pause-music", EVENT="turn.started", SPEAKER="model")
        self.assertEqual([call for call in begun if "pause" in call], ["playerctl --player=mpd pause"])
        self.assertEqual(self.hook("pause-music", EVENT="turn.started", SPEAKER="user"), [])
        self.assertEqual(
            self.hook("pause-music", EVENT="turn.completed", SPEAKER="model"), ["playerctl --player=mpd play"])
        self.assertEqual(self.hook("pause-music", EVENT="turn.completed", SPEAKER="model"), [], "once")

    def test_without_playerctl_other_programs_are_muted_and_ours_is_not(self):
        for name in ("awk", "cat", "rm", "sh"):
            (self.programs / name).symlink_to(f"/usr/bin/{name}" if Path(f"/usr/bin/{name}").exists() else f"/bin/{name}")
        self.program("pactl", """\
Sink Input #7
\tProperties:
\t\tapplication.process.binary = "mpd"
Sink Input #8
\tProperties:
\t\tapplication.process.binary = "vivavoce"
Sink Input #9
\tProperties:
\t\tapplication.process.binary = "browser"
""")

        def hook(event):
            finished = subprocess.run(
                [HOOKS / "pause-music"], capture_output=True, timeout=20, env={
                    "PATH": str(self.programs), "XDG_RUNTIME_DIR": str(self.folder), "VIVAVOCE_EVENT": event,
                    "VIVAVOCE_SPEAKER": "model"})
            self.assertExit(finished, 0)
            calls = self.log.read_text().splitlines()
            self.log.write_text("")
            return [call for call in calls if "mute" in call]

        self.assertEqual(
            hook("turn.started"), ["pactl set-sink-input-mute 7 1", "pactl set-sink-input-mute 9 1"])
        self.assertEqual(
            hook("turn.completed"), ["pactl set-sink-input-mute 7 0", "pactl set-sink-input-mute 9 0"])

    def test_the_led_says_how_it_is_used(self):
        finished = subprocess.run([HOOKS / "led"], capture_output=True, env={"VIVAVOCE_EVENT": "wake.heard"})
        self.assertNotEqual(finished.returncode, 0)
        self.assertIn(b"usage: led NAME", finished.stderr)


class HookRunTests(DaemonCase):
    def test_the_assistant_runs_one(self):
        program = self.folder / "notify-send"
        program.write_text(f'#!/bin/sh\necho "$*" >> {self.folder}/shown\n')
        program.chmod(0o755)
        self.path_variable = f"{self.folder}:/usr/bin:/bin"
        self.start("--hook", f"transcript.final={HOOKS}/notify")
        self.live().call("say", text="what is two plus two")
        shown = self.folder / "shown"
        self.wait_for(lambda: shown.exists() and "-- model" in shown.read_text())
        self.assertIn("four", shown.read_text())

    path_variable = "/usr/bin:/bin"

    def environment(self, **more):
        return super().environment(**{"PATH": self.path_variable} | more)
