"""The daemon under a service manager: what it tells one that speaks sd_notify(3), and the units and files installed for it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from product import BIN, VIVAVOCE, ProductTests

REPOSITORY = Path(__file__).resolve().parents[2]
INSTALL = REPOSITORY / "scripts" / "install"


class Manager:
    """The manager's end of the notify socket."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.told = []
        self.waited = 0  # so many of them have been looked at by `wait`

    def listen(self, seconds):
        """What is told within this time, as (moment, key, value)."""
        end = time.monotonic() + seconds
        new = []
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                text = self.socket.recv(4096).decode()
            except TimeoutError:
                break
            new += [(time.monotonic(), *line.split("=", 1)) for line in text.split("\n")]
        self.told += new
        return new

    def wait(self, key, value=None, seconds=30):
        """- Returns: the value of the next line, behind the one waited for last, with this key and this in its value."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            while self.waited < len(self.told):
                _, name, text = self.told[self.waited]
                self.waited += 1
                if name == key and (value is None or value in text):
                    return text
            self.listen(0.05)
        raise AssertionError(f"no {key} with {value} within {seconds} s; told: {self.told}")


class Managed(ProductTests):
    def manage(self, *arguments, address=None, watchdog=3.0, **environment):
        """A daemon, and its manager."""
        address = address or str(self.folder / "notify")
        manager = Manager("\0" + address[1:] if address.startswith("@") else address)
        self.addCleanup(manager.socket.close)
        errors = open(self.folder / "daemon.log", "ab")
        self.addCleanup(errors.close)
        process = subprocess.Popen(
            [VIVAVOCE, "daemon", "--rehearse", "--until", "forever", *map(str, arguments)], stdin=subprocess.DEVNULL,
            stdout=errors, stderr=errors, env=self.environment(
                NOTIFY_SOCKET=address, WATCHDOG_USEC=str(int(watchdog * 1e6)), **environment))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, manager

    def assertGoodbye(self, process, manager):
        began = time.monotonic()
        process.terminate()
        self.assertEqual(process.wait(10), 0)
        self.assertLess(time.monotonic() - began, 2)
        self.assertIn("STOPPING", [key for _, key, _ in manager.listen(0.05)])


class NotifyTests(Managed):
    def test_it_is_ready_once_it_hears_and_is_live_then_beats_and_says_goodbye(self):
        process, manager = self.manage("--input", "silence", "--output", "null", address=f"@vivavoce-test-{os.getpid()}")
        manager.wait("READY")
        self.assertIn("not ready yet", manager.told[0][2])
        beats = [moment for moment, key, _ in manager.listen(7) if key == "WATCHDOG"]
        self.assertGreaterEqual(len(beats), 5)
        self.assertLess(max(later - earlier for earlier, later in zip(beats, beats[1:])), 3)
        process.send_signal(signal.SIGHUP)
        manager.wait("RELOADING", "1")
        moment = int(manager.wait("MONOTONIC_USEC")) / 1e6
        self.assertLess(abs(moment - time.clock_gettime(time.CLOCK_MONOTONIC)), 10)
        manager.wait("READY")
        self.assertGoodbye(process, manager)

    def test_a_reload_by_the_socket_and_by_saving_a_file_is_told_as_one_by_the_signal_is(self):
        process, manager = self.manage("--input", "silence", "--output", "null")
        manager.wait("READY")
        self.assertExit(self.run_vivavoce("reload"), 0)
        manager.wait("RELOADING", "1")
        manager.wait("MONOTONIC_USEC")
        manager.wait("READY")
        file = self.folder / "config" / "vivavoce" / "vivavoce.yaml"
        file.parent.mkdir(parents=True)
        for text in ("turns: {mode: hold}\n", "turns: {mode: nonsense}\n"):
            file.write_text(text)
            manager.wait("RELOADING", "1")
            manager.wait("READY")
        self.assertGoodbye(process, manager)

    def journal(self, *arguments, to_journal=True, **environment):
        """What a daemon that cannot start says on stderr, where that is the journal's or another file."""
        log = self.folder / "stderr"
        with open(log, "wb") as file:
            place = os.fstat(file.fileno() if to_journal else 0)
            subprocess.run(
                [VIVAVOCE, "daemon", "--input", "silence", "--output", "null", *arguments], stderr=file,
                stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=30, env=self.environment(
                    JOURNAL_STREAM=f"{place.st_dev}:{place.st_ino}", **environment))
        return log.read_text().splitlines()

    def test_lines_for_the_journal_bear_their_priority_and_others_do_not(self):
        refused = ["--config", str(self.folder / "nowhere.yaml")]
        lines = self.journal(*refused)
        self.assertTrue(lines and all(line.startswith("<3>") for line in lines), lines)
        lines = self.journal(*refused, to_journal=False)
        self.assertTrue(lines and not any(line.startswith("<") for line in lines), lines)
        if os.path.exists("/run/systemd/journal/socket"):
            self.skipTest("there is a journal here, which would take the rest as entries: scripts/try-service looks at those")
        lines = self.journal("--rehearse", "--until", "for:1")
        self.assertTrue(lines and all(re.match("<[2-7]>", line) for line in lines), lines)
        self.assertTrue(any(line.startswith("<6>vivavoce: live: ") for line in lines), lines)

    def test_another_process_s_watchdog_is_not_fed(self):
        process, manager = self.manage("--input", "silence", "--output", "null", WATCHDOG_PID="1")
        manager.wait("READY")
        self.assertNotIn("WATCHDOG", [key for _, key, _ in manager.listen(3)])
        self.assertGoodbye(process, manager)

    def test_a_pipe_whose_writer_stops_and_a_muted_microphone_are_well(self):
        pipe = self.folder / "voice"
        os.mkfifo(pipe)
        process, manager = self.manage("--input", f"pipe:{pipe}", "--output", "null")
        writer = os.open(pipe, os.O_RDWR)
        self.addCleanup(os.close, writer)
        manager.wait("READY")
        self.assertExit(self.run_vivavoce("mute"), 0)
        keys = [key for _, key, _ in manager.listen(9)]
        self.assertGreaterEqual(keys.count("WATCHDOG"), 6)
        self.assertGoodbye(process, manager)

    def test_a_service_that_is_not_there_leaves_it_unready_and_says_why(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            endpoint = f"ws://127.0.0.1:{free.getsockname()[1]}"
        address = str(self.folder / "notify")
        manager = Manager(address)
        self.addCleanup(manager.socket.close)
        process = subprocess.Popen(
            [VIVAVOCE, "daemon", "--endpoint", endpoint, "--input", "silence", "--output", "null", "--until", "forever"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=self.environment(NOTIFY_SOCKET=address, VIVAVOCE_KEY="k" * 39))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        manager.wait("STATUS", "connecting")
        told = [key for _, key, _ in manager.listen(5)]
        self.assertNotIn("READY", told)
        self.assertGoodbye(process, manager)

    def test_who_may_not_begin_is_ready_says_why_and_stays_alive(self):
        process, manager = self.manage("--input", "silence", "--output", "null")
        manager.wait("READY")
        self.assertExit(self.run_vivavoce("say", "what is two plus two"), 0)
        spent = self.folder / ".local" / "state" / "vivavoce" / "cost.yaml"
        end = time.monotonic() + 30
        while not spent.exists():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        self.assertGoodbye(process, manager)
        process, manager = self.manage(
            "--input", "silence", "--output", "null", "--day-budget", "0.00001", address=str(self.folder / "again"))
        manager.wait("READY")
        manager.wait("STATUS", "budget.day is used up")
        self.assertGreaterEqual([key for _, key, _ in manager.listen(5)].count("WATCHDOG"), 3)
        self.assertGoodbye(process, manager)

    def test_who_is_hung_up_before_it_was_live_is_ready_and_stays_alive(self):
        # A service that takes connections, and never says a word.
        with socket.create_server(("127.0.0.1", 0)) as silent:
            endpoint = f"ws://127.0.0.1:{silent.getsockname()[1]}"
            address = str(self.folder / "notify")
            manager = Manager(address)
            self.addCleanup(manager.socket.close)
            process = subprocess.Popen(
                [VIVAVOCE, "daemon", "--endpoint", endpoint, "--input", "silence", "--output", "null", "--until",
                 "forever"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=self.environment(NOTIFY_SOCKET=address, WATCHDOG_USEC="3000000", VIVAVOCE_KEY="k" * 39))
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            manager.wait("STATUS", "connecting")
            self.assertExit(self.run_vivavoce("hangup"), 0)
            manager.wait("READY")
            manager.wait("STATUS", "no conversation is under way")
            self.assertGreaterEqual([key for _, key, _ in manager.listen(5)].count("WATCHDOG"), 3)
            self.assertGoodbye(process, manager)

    def test_a_socket_that_cannot_be_one_is_a_mistake_in_the_settings(self):
        finished = self.run_vivavoce(
            "daemon", "--rehearse", "--input", "silence", "--output", "null", NOTIFY_SOCKET="vsock:2:1")
        self.assertExit(finished, 78)
        self.assertIn("vsock:2:1", finished.stderr.decode())


class DeadThreadTests(Managed):
    def dying_microphone(self):
        """An ALSA device named `dying`, from which reading hangs once the function that is returned was called."""
        pipe = self.folder / "noise"
        os.mkfifo(pipe)
        (self.folder / "asound.conf").write_text(
            "</usr/share/alsa/alsa.conf>\npcm.dying { type file slave.pcm null file /dev/null format raw "
            f"infile \"{pipe}\" }}\n")
        writer = os.open(pipe, os.O_RDWR)
        self.addCleanup(os.close, writer)
        dead = threading.Event()

        def feed():
            while not dead.wait(0.01):
                os.write(writer, os.urandom(1920))

        thread = threading.Thread(target=feed)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(dead.set)
        return dead.set

    def test_a_capture_thread_that_hangs_in_a_call_is_not_taken_for_alive(self):
        die = self.dying_microphone()
        process, manager = self.manage(
            "--input", "dying", "--output", "null", ALSA_CONFIG_PATH=str(self.folder / "asound.conf"))
        manager.wait("READY")
        manager.wait("WATCHDOG")
        die()
        self.assertIn("alsa:dying", manager.wait("STATUS", "cannot hear", seconds=15))
        self.assertNotIn("WATCHDOG", [key for _, key, _ in manager.listen(4)])
        self.assertGoodbye(process, manager)


class FaultTests(Managed):
    """Devices that stop to deliver, on a sound server of the test's own."""

    def setUp(self):
        super().setUp()
        self.virtual = str(REPOSITORY / "scripts" / "virtual-audio")
        if not (shutil.which("pulseaudio") and shutil.which("socat")):
            self.skipTest("virtual devices need pulseaudio and socat")
        self.place = {"VIRTUAL_AUDIO_DIR": f"/tmp/va-service-{os.getpid()}"}
        started = self.audio("start")
        self.addCleanup(self.audio, "stop")
        self.devices = dict(re.findall(r"^export (\w+)=(.*)$", started, re.M))

    def audio(self, *arguments):
        return subprocess.run(
            [self.virtual, *arguments], env=super().environment(**self.place), check=True, capture_output=True,
            text=True).stdout

    def start_on_devices(self):
        process, manager = self.manage("--input", "vv_microphone", "--output", "vv_speaker", **self.devices)
        manager.wait("READY")
        manager.wait("WATCHDOG")
        return process, manager

    def assertSilence(self, manager, words):
        """No sign of life within the watchdog's time after the fault was told."""
        told = manager.wait("STATUS", words, seconds=15)
        keys = [key for _, key, _ in manager.listen(4)]
        self.assertNotIn("WATCHDOG", keys)
        return told

    def test_a_plug_that_is_pulled_stops_the_signs_of_life_until_it_is_back(self):
        process, manager = self.start_on_devices()
        self.audio("unplug", "microphone")
        told = self.assertSilence(manager, "cannot hear")
        self.assertIn("vv_microphone (", told)
        self.audio("replug", "microphone")
        manager.wait("WATCHDOG", seconds=15)
        self.assertIsNone(process.poll())
        self.assertGoodbye(process, manager)

    def test_a_sound_server_that_hangs_stops_them_and_the_goodbye_is_still_in_time(self):
        process, manager = self.start_on_devices()
        server = int((Path(self.place["VIRTUAL_AUDIO_DIR"]) / "pid").read_text())
        os.kill(server, signal.SIGSTOP)
        try:
            told = self.assertSilence(manager, "cannot hear")
            self.assertIn("cannot speak", told + "".join(value for _, key, value in manager.told if key == "STATUS"))
            began = time.monotonic()
            process.terminate()
            process.wait(10)
            self.assertLess(time.monotonic() - began, 2.2)
        finally:
            os.kill(server, signal.SIGCONT)


class InstallTests(ProductTests):
    """What `scripts/install` puts where, in a prefix of the test's own."""

    def install(self, *arguments, code=0, **environment):
        finished = subprocess.run(
            [INSTALL, *arguments], capture_output=True, text=True, cwd=self.folder,
            env=self.environment(**{"VIVAVOCE_BIN": str(BIN)} | environment))
        self.assertEqual(finished.returncode, code, finished.stderr)
        return finished

    def installed(self, scope):
        self.install("--prefix", str(self.folder / "prefix"), f"--{scope}")
        return self.folder / "prefix"

    def analyze(self, *arguments):
        if not shutil.which("systemd-analyze"):
            self.skipTest("looking at units needs systemd-analyze")
        return subprocess.run(
            ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, env=self.environment())

    def assertVerified(self, *arguments):
        finished = self.analyze("verify", "--man=no", *arguments)
        self.assertEqual((finished.returncode, finished.stdout + finished.stderr), (0, ""))

    def test_the_system_s_units_are_sound_and_shut_in(self):
        units = self.installed("system") / "lib" / "systemd"
        instance = self.folder / "vivavoce@kitchen.service"
        shutil.copy(units / "system" / "vivavoce@.service", instance)
        for unit in (units / "system" / "vivavoce.service", instance):
            self.assertVerified(unit)
            text = unit.read_text()
            self.assertIn(f"ExecStart={self.folder}/prefix/bin/vivavoce daemon", text)
            self.assertNotIn("/usr/local", text)
            told = self.analyze("security", "--offline=true", "--json=short", "--threshold=25", unit)
            self.assertEqual(told.returncode, 0, told.stdout + told.stderr)
            exposure = self.analyze("security", "--offline=true", unit).stdout
            self.assertLessEqual(float(re.search(r"exposure level .*: ([\d.]+)", exposure)[1]), 2.5)
        self.assertVerified("--user", units / "user" / "vivavoce.service")

    def test_rooms_share_nothing_that_is_written(self):
        units = self.installed("system") / "lib" / "systemd" / "system"
        for line in (units / "vivavoce@.service").read_text().splitlines():
            variables = r"Environment=(HOME|SYSLOG_IDENTIFIER|VIVAVOCE_(SOCKET|CONFIG))="
            if re.match(rf"(State|Runtime)Directory=|{variables}|SyslogIdentifier=", line):
                self.assertIn("%i", line)

    def test_a_user_gets_programs_a_unit_completions_and_a_manual(self):
        prefix = self.installed("user")
        self.assertVerified("--user", prefix / "share" / "systemd" / "user" / "vivavoce.service")
        version = subprocess.run([prefix / "bin" / "vivavoce", "--version"], capture_output=True, text=True).stdout
        manual = (prefix / "share" / "man" / "man1" / "vivavoce.1").read_text()
        for word in (version.strip(), r"vivavoce daemon", r"\-\-input", "EXIT STATUS"):
            self.assertIn(word, manual)
        completions = {
            "bash": "bash-completion/completions/vivavoce", "zsh": "zsh/site-functions/_vivavoce",
            "fish": "fish/vendor_completions.d/vivavoce.fish"}
        for shell, path in completions.items():
            script = prefix / "share" / path
            self.assertIn("hangup", script.read_text())
            if shutil.which(shell):
                self.assertEqual(subprocess.run([shell, "-n", script]).returncode, 0)
        if shutil.which("groff"):
            warnings = subprocess.run(
                ["groff", "-Kutf8", "-man", "-ww", "-Tutf8", "-z", prefix / "share" / "man" / "man1" / "vivavoce.1"],
                capture_output=True, text=True).stderr
            self.assertEqual(warnings, "")

    def test_what_settings_name_lies_under_share_and_names_this_prefix(self):
        shared = self.installed("user") / "share" / "vivavoce"
        self.assertEqual(shared.stat().st_mode & 0o777, 0o700)
        for path in sorted((REPOSITORY / "config" / "hooks").iterdir()):
            hook = shared / "hooks" / path.name
            self.assertTrue(os.access(hook, os.X_OK), hook)
            self.assertIn(str(hook), hook.read_text())
        for name in ("wake/openwakeword-detector.py", "grafana/vivavoce.json", "prices.yaml", "vivavoce.yaml"):
            self.assertTrue((shared / name).is_file(), name)
            self.assertNotIn("/usr/local", (shared / name).read_text())

    def test_what_no_shell_would_find_is_told(self):
        bin = self.folder / "prefix" / "bin"
        arguments = ("--user", "--prefix", str(self.folder / "prefix"))
        path = os.environ["PATH"]
        told = self.install(*arguments, SHELL="/usr/bin/zsh", ZDOTDIR=str(self.folder)).stderr
        self.assertIn(f"{bin} is not on PATH", told)
        self.assertIn(f"fpath=({self.folder}/prefix/share/zsh/site-functions $fpath)", told)
        (self.folder / ".zshrc").write_text(f"fpath=({self.folder}/prefix/share/zsh/site-functions $fpath)\n")
        told = self.install(*arguments, SHELL="/usr/bin/zsh", ZDOTDIR=str(self.folder), PATH=f"{bin}:{path}").stderr
        self.assertNotIn("PATH", told)
        self.assertNotIn("fpath", told)

    def test_a_package_s_folder_is_in_no_file(self):
        self.install("--system", "--prefix", "/usr", DESTDIR=str(self.folder / "package"))
        unit = self.folder / "package" / "usr" / "lib" / "systemd" / "system" / "vivavoce.service"
        self.assertIn("ExecStart=/usr/bin/vivavoce daemon", unit.read_text())
        self.assertNotIn(str(self.folder), unit.read_text())

    def test_what_is_no_prefix_and_no_option_is_refused(self):
        self.assertIn("letters", self.install("--prefix", "/with space", code=64).stderr)
        self.assertIn("--prefix DIR", self.install("--everywhere", code=64).stderr)
        self.assertIn("missing", self.install("--user", code=66, VIVAVOCE_BIN="/nonexistent").stderr)
