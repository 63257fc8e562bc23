"""The views of messages, figures, health, latency, sessions, providers, indexes and Kafka."""

import subprocess
import unittest

from console_case import CLI, DEADLINE_S, GRID, HOSTILE, OWN, TOKEN, ConsoleTest, commit, put, remove

CALL = OWN + "call"


class Messages(ConsoleTest):
    def provide(self, answer):
        """Answers calls of CALL from this page, over a separate WebSocket."""
        self.browser.execute_async_script("""
            const [name, answer, token, done] = arguments;
            window.provider = new WebSocket(`ws://${location.host}/v1/ws` + (token ? `?access_token=${encodeURIComponent(token)}` : ""));
            provider.onopen = () => provider.send(JSON.stringify({ op: "provide", id: 1, pattern: name }));
            provider.onmessage = ({ data }) => {
              const message = JSON.parse(data);
              if (message.id === 1) done();
              else if (message.call) provider.send(JSON.stringify({ op: "answer", id: 2, call: message.call, ...answer }));
            };""", CALL, answer, TOKEN)

    def call(self, name=CALL):
        self.set_value("call-name", name)
        self.set_value("call-document", "{}")
        self.js("document.getElementById('call-form').requestSubmit()")

    def publish(self, subject, document):
        self.set_value("event-subject", subject)
        self.set_value("event-document", document)
        self.js("document.getElementById('event-form').requestSubmit()")

    def test_are_published_and_received(self):
        self.open(f"#messages?listen={OWN}**")
        self.until(lambda: self.text_of("listen-status").startswith("subscribed"), "the subscription")
        self.publish(OWN + "news", '{"text": "<b>bold</b>"}')
        self.until(lambda: "revision" in self.text_of("event-result"), "the answer")
        self.until(lambda: "<b>bold</b>" in self.text_of("events") and OWN + "news" in self.text_of("events"), "the event")
        self.assert_no_markup()
        self.click("listen-stop")
        self.assertTrue(self.is_hidden("listen-stop"))

    def test_that_are_refused_show_the_reason(self):
        self.open("#messages")
        self.publish("a//b", "{}")
        self.until(lambda: "(400 " in self.text_of("event-result"), "the detail and code of the problem")
        self.publish(OWN + "news", "{")
        self.until(lambda: "not JSON" in self.text_of("event-result"), "the problem of the text")

    def test_are_answered_by_a_provider(self):
        self.open("#messages")
        self.provide({"document": {"markup": HOSTILE}})
        self.call()
        self.until(lambda: HOSTILE in self.text_of("call-answer"), "the answer")
        self.assertRegex(self.text_of("call-result"), r"Answered after \d+ ms")
        self.assert_no_markup()

    def test_have_failures_with_their_documents(self):
        self.open("#messages")
        self.provide({"document": {"why": "sold out"}, "failure": True})
        self.call()
        self.until(lambda: "422" in self.text_of("call-result"), "the failure")
        self.assertIn("sold out", self.text_of("call-answer"))

    def test_without_a_provider_say_so(self):
        self.open("#messages")
        self.call(OWN + "nobody")
        self.until(lambda: "(503 no_provider)" in self.text_of("call-result"), "the refusal")


class Figures(ConsoleTest):
    def test_follow_the_grid(self):
        self.open("#overview")
        fact = ("return [...document.querySelectorAll('#facts div')].find(it => "
                "it.querySelector('dt').textContent === arguments[0])?.querySelector('dd').textContent")
        number = lambda: int(self.js(fact, "Records").replace(",", ""))
        self.until(lambda: self.js(fact, "Broker") == "up", "a broker")
        before = number()
        put(OWN + "a", 1)
        self.until(lambda: number() == before + 1, "another record")
        self.until(lambda: self.js("return document.querySelectorAll('#plots path.line[d^=M]').length") >= 4, "plots")

    def test_are_checked(self):
        self.open("#health")
        state = lambda title: self.js("return document.querySelector(`[data-check='${arguments[0]}']`)?.dataset.state", title)
        self.until(lambda: state("Broker") == "good" and state("Gateway") == "good" and state("Memory") == "good", "the checks")
        self.assertIn("MiB", self.js("return document.querySelector(\"[data-check='Memory']\").textContent"))

    def test_of_a_source_that_waits_are_a_problem(self):
        put("kafka/console-test/@source/m", {"state": "waiting", "reason": "no broker answers"})
        self.open("#health")
        self.until(lambda: self.js("return document.querySelector(\"[data-check='Kafka']\")?.dataset.state") == "bad", "the problem")
        self.assertEqual(self.js("return document.querySelector('#checks li').dataset.state"), "bad", "the worst first")
        remove("kafka/console-test/@source/m")
        self.until(lambda: self.js("return document.querySelector(\"[data-check='Kafka']\").dataset.state") == "good", "the problem to disappear")

    def test_of_latency_are_quantiles(self):
        put(OWN + "a", 1)
        self.open("#latency")
        row = "return [...(document.querySelector(`tr[data-family='ringside_gateway_request_duration_seconds']`)?.cells ?? [])].map(it => it.textContent)"
        self.until(lambda: len(self.js(row)) == 6 and "s" in self.js(row)[2], "the row of requests")
        for text in self.js(row)[4:]:
            self.assertRegex(text, r"^(> )?[0-9.]+ (µs|ms|s)$")
        self.until(lambda: self.js("return document.querySelectorAll('#latency-plots path.line').length") >= 2, "a plot")

    def test_of_latency_have_every_histogram_and_durations_first(self):
        self.open("#latency")
        self.until(lambda: self.texts("#latency-rows tr"), "the rows")
        self.js("""
            import("/console/stats.js").then(({ stats }) => {
              const histogram = (buckets, count) => ({ type: "histogram", help: "Of a test.",
                samples: [{ labels: { lane: "<b>" }, buckets: buckets.map(([le, count]) => ({ le, count })), sum: 1, count }] });
              const metrics = (n) => ({ ringside_test_batch_commits: histogram([[1, n], [64, 2 * n]], 2 * n),
                ringside_test_turn_duration_seconds: histogram([[0.001, 0], [0.002, n]], n) });
              stats.samples = [{ at: Date.now() - 10000, metrics: metrics(0) }, { at: Date.now(), metrics: metrics(100) }];
              stats.dispatchEvent(new Event("sample"));
              window.shown = [...document.querySelectorAll("#latency-rows tr")].map((row) => [...row.cells].map((cell) => cell.textContent));
            });""")
        self.until(lambda: self.js("return window.shown"), "the rows of the test")
        turns, batches = self.js("return window.shown")
        self.assertEqual(turns, ["test turn, <b>Of a test.", "1.5 ms", "1.99 ms", "10.0", "1.5 ms", "1.99 ms"])
        self.assertEqual(batches[1:3], ["1", "63"])
        self.assert_no_markup()

    def test_of_histograms_are_those_of_prometheus(self):
        """The same estimates as PromQL's histogram_quantile."""
        self.open("#latency")
        self.assertEqual(self.browser.execute_async_script("""
            const done = arguments[0];
            import("/console/histogram.js").then(({ quantile, difference, isBeyond }) => {
              const buckets = [[0.001, 50], [0.01, 90], [0.1, 99]].map(([le, count]) => ({ le, count }));
              const all = { buckets, count: 100, sum: 1 };
              const none = { buckets: buckets.map(({ le }) => ({ le, count: 0 })), count: 0, sum: 0 };
              done([quantile(all, 0.5), quantile(all, 0.7).toFixed(4), quantile(all, 0.999), isBeyond(all, 0.999), isBeyond(all, 0.99),
                quantile(none, 0.5) === undefined, difference(all, none).count, difference(none, all).count]);
            });"""), [0.001, "0.0055", 0.1, True, False, True, 100, 0])


class System(ConsoleTest):
    def table(self, identifier):
        return self.js("return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].map(row => [...row.cells].map(it => it.textContent))", identifier)

    def test_sessions_are_listed(self):
        self.open("#sessions")
        self.until(lambda: any(row[1] == "gateway" for row in self.table("sessions")), "the session of the gateway")

    def test_providers_and_listeners_are_listed_with_their_programs(self):
        self.open("#providers")
        self.browser.execute_async_script("""
            const [name, token, done] = arguments;
            window.provider = new WebSocket(`ws://${location.host}/v1/ws` + (token ? `?access_token=${encodeURIComponent(token)}` : ""));
            provider.onopen = () => provider.send(JSON.stringify({ op: "provide", id: 1, pattern: name }));
            provider.onmessage = () => done();""", CALL, TOKEN)
        self.until(lambda: any(row[0] == CALL and row[2] == "gateway" for row in self.table("providers")), "the provider")
        self.js(f"[...document.querySelectorAll('#providers a')].find(it => it.textContent === '{CALL}').click()")
        self.until(lambda: self.js("return document.getElementById('call-name').value") == CALL, "the form of calls")

    def test_kafka_sources_and_sinks_are_listed(self):
        put("kafka/console-test/@source/m", {"state": "waiting", "reason": HOSTILE, "lag": 1200, "dead_letters": 3, "rate": 7})
        put("kafka/console-test/@sink/m", {"state": "running", "behind": 4, "pending": 5})
        commit({"kafka/console-test2/@sink/m": None})
        self.open("#kafka")
        self.until(lambda: len(self.table("kafka-sources")) == 1 and len(self.table("kafka-sinks")) == 2, "both")
        source = self.table("kafka-sources")[0]
        self.assertEqual([source[i] for i in (0, 3, 4, 6)], ["console-test", "1,200", "7", "3"])
        self.assertIn(HOSTILE, source[2])
        self.assertEqual(self.table("kafka-sinks")[0][:5], ["console-test", "m", "running", "4", "5"])
        self.assert_no_markup()
        # Members of other types than expected are shown as text or not at all.
        put("kafka/console-test/@source/m", {"state": {"toString": 1}, "reason": [1], "since_ms": "x",
                                             "partitions": {"length": {"href": "https://example.org/", "text": "12"}}})
        self.until(lambda: self.table("kafka-sources")[0][3] == "–", "the hostile record")
        self.assertEqual(self.js("return document.querySelectorAll('#kafka-sources a').length"), 0)
        put("kafka/console-test/@sink/m", {"state": "running", "behind": 0, "pending": 0})
        self.until(lambda: self.table("kafka-sinks")[0][3] == "0", "the change")

    @unittest.skipUnless(CLI and GRID, "RINGSIDE_CLI and RINGSIDE_GATEWAY_GRID are not given")
    def test_indexes_are_listed(self):
        run = lambda *arguments: subprocess.run([CLI, "-g", GRID, "index", *arguments], check=True, timeout=DEADLINE_S, capture_output=True)
        run("add", OWN + "*", "/status")
        self.addCleanup(run, "remove", OWN + "*", "/status")
        self.open("#indexes")
        self.until(lambda: any(row[:2] == [OWN + "*", "/status"] for row in self.table("indexes")), "the index")
        self.until(lambda: "1" in self.texts("#panel-indexes dd")[0], "that it is ready")
