"""What is counted while the assistant runs, what it may cost, and who is told: page, budgets and hooks."""

from test_daemon import DaemonCase


class ObservationTests(DaemonCase):
    def state(self):
        return self.folder / ".local" / "state" / "vivavoce" / "cost.yaml"

    def settings(self, text):
        config = self.folder / "config" / "vivavoce"
        config.mkdir(parents=True, exist_ok=True)
        (config / "vivavoce.yaml").write_text(text)

    def test_a_budget_hangs_up_and_refuses_until_it_is_raised(self):
        self.settings("budget: {day: 0.0001}\n")
        process = self.start()
        calls = self.live()
        calls.call("say", text="what is two plus two")
        reached = calls.wait("warning", code="budget.reached")
        self.assertIn("budget.day is used up", reached["message"])
        self.assertIn("Raise budget.day", reached["remedy"])
        self.assertEqual(calls.wait("session.ended")["exit"], 0)
        self.assertEqual(calls.call("status")["result"]["state"], "idle")
        self.assertEqual(self.state().stat().st_mode & 0o777, 0o600)
        calls.call("connect")
        self.assertIn("budget.day", calls.wait("error", code="budget.reached")["message"])
        self.assertEqual(calls.call("status")["result"]["state"], "idle")
        self.settings("budget: {day: 1000}\n")
        self.assertIn("result", calls.call("reload"))
        calls.call("connect")
        calls.wait("session.live")
        self.assertIsNone(process.poll())

    def test_what_is_spent_is_kept_over_restarts_and_refuses_a_talk_too(self):
        process = self.start()
        calls = self.live()
        calls.call("say", text="what is two plus two")
        calls.wait("usage")
        process.terminate()
        self.assertEqual(process.wait(10), 0)
        self.assertIn("currency: USD", self.state().read_text())
        refused = self.run_vivavoce(
            "talk", "--rehearse", "--input", "silence", "--output", "null", "--day-budget", "0.00001")
        self.assertExit(refused, 77)
        self.assertIn("budget.day is used up", refused.stderr.decode())

    def test_a_price_table_of_the_users_own_is_checked(self):
        table = self.folder / "prices.yaml"
        table.write_text("date: today\ncurrency: EUR\nmodels: {m: {input: {TEXT: much}, output: {}}}\n")
        refused = self.run_vivavoce(
            "talk", "--rehearse", "--input", "silence", "--output", "null", "--prices", table)
        self.assertExit(refused, 78)
        self.assertIn(f"{table}:3: the price of TEXT is a number", refused.stderr.decode())
