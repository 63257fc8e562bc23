"""Streams that break, and a grid that is gone."""

import json
import subprocess
import unittest
import urllib.parse

from console_case import ConsoleTest, DEADLINE_S, EVENT, OWN, START, STOP, TOKEN, put, seat


class Streams(ConsoleTest):
    def test_resume_after_the_last_received_event(self):
        """EventSource, in any page: the second connection delivers the changes missed since the first."""
        put(OWN + "a", {"n": 0})
        self.open("#overview")
        token = "&access_token=" + urllib.parse.quote(TOKEN) if TOKEN else ""
        self.js("""
            window.told = [];
            window.source = new EventSource(arguments[0]);
            for (const kind of ["current", "put"]) {
              source.addEventListener(kind, ({ type, lastEventId }) => told.push([type, lastEventId]));
            }""", f"/v1/watch?initial=true&pattern={OWN}**{token}")
        self.until(lambda: [kind for kind, _ in self.js("return told")] == ["current"], "the state")
        put(OWN + "a", {"n": 1})
        self.until(lambda: [kind for kind, _ in self.js("return told")] == ["current", "put"], "the change")
        last = self.js("source.close(); return told[1][1]")
        self.assertNotEqual(last, "")
        # Two records, because of one record only the newest state must be sent.
        put(OWN + "a", {"n": 2})
        put(OWN + "b", {"n": 3})
        told = self.browser.execute_async_script("""
            const [url, last, authorization, done] = arguments;
            const headers = { "Last-Event-ID": last, ...(authorization ? { Authorization: authorization } : {}) };
            fetch(url, { headers }).then(async (response) => {
              const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
              let text = "";
              while ((text.match(/^data: /gm) ?? []).length < 2) text += (await reader.read()).value;
              await reader.cancel();
              done(text);
            });""", f"/v1/watch?initial=true&pattern={OWN}**", last, "Bearer " + TOKEN if TOKEN else "")
        changes = [json.loads(line[6:]) for line in told.splitlines() if line.startswith("data: ")]
        self.assertEqual([(change["kind"], change["document"]) for change in changes],
                         [("put", {"n": 2}), ("put", {"n": 3})])


@unittest.skipUnless(STOP and START, "RINGSIDE_GATEWAY_STOP and _START are not given")
class AGridThatIsGone(ConsoleTest):
    def away(self):
        self.addCleanup(self.back)
        self.is_away = True
        subprocess.run(STOP, shell=True, check=True, timeout=DEADLINE_S)

    def back(self):
        if self.is_away:
            subprocess.run(START, shell=True, check=True, timeout=DEADLINE_S)
        self.is_away = False

    def until_banner(self):
        self.until(lambda: "/readyz" in self.text_of("banner"), "a banner")

    def test_is_reported_and_recovered_from(self):
        put(OWN + "a", {"n": 1})
        self.open_records(OWN + "**")
        self.until_rows([OWN + "a"])
        self.assertEqual(self.text_of("banner"), "")
        self.away()
        self.until_banner()
        self.assertEqual(self.find("#banner").get_attribute("role"), "alert")
        self.assertEqual(self.text_of("state-text"), "gone")
        self.assertEqual(self.rows(), [OWN + "a"], "what is known is still shown")
        self.back()
        self.until(lambda: self.text_of("banner") == "", "the banner to disappear")
        put(OWN + "b", {"n": 2})
        self.until_rows([OWN + "a", OWN + "b"])

    def test_leaves_a_map_that_continues(self):
        put(seat(1), {"status": "available"})
        self.open(f"#map?pattern=event/{EVENT}/seat/*")
        self.until(lambda: self.status_of(seat(1)) == "available", "the seat")
        self.away()
        self.until_banner()
        self.assertEqual(self.status_of(seat(1)), "available")
        self.back()
        put(seat(1), {"status": "sold"})
        self.until(lambda: self.status_of(seat(1)) == "sold", "the change")

    def test_that_is_back_before_the_page_was_loaded_again_is_shown(self):
        self.open("#records?pattern=" + urllib.parse.quote(OWN + "**"))
        self.until(lambda: self.text_of("state-text") == "live", "an answer")
        self.away()
        self.until_banner()
        self.find("#tab-overview").click()
        self.find("#tab-records").click()
        self.back()
        put(OWN + "a", {"n": 1})
        self.until_rows([OWN + "a"])
