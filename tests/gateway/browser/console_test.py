#!/usr/bin/python3
"""The console in a real browser, against a gateway that runs.

  RINGSIDE_GATEWAY_URL    where it is: http://127.0.0.1:8080
  RINGSIDE_GATEWAY_STOP   a shell command that takes the gateway (or the broker) away, and
  RINGSIDE_GATEWAY_START  one that brings it back at the same address; without these two, the
                          tests of a grid that is gone are skipped
  RINGSIDE_GATEWAY_TOKEN  a token, where the gateway asks for one

Needs Debian's chromium, chromium-driver and python3-selenium. Writes records below
`console-test/` and `event/console-test…/`, and removes them.
"""

import json
import os
import subprocess
import sys
import unittest
import urllib.parse
import urllib.request

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

URL = os.environ.get("RINGSIDE_GATEWAY_URL", "").rstrip("/")
STOP = os.environ.get("RINGSIDE_GATEWAY_STOP")
START = os.environ.get("RINGSIDE_GATEWAY_START")
TOKEN = os.environ.get("RINGSIDE_GATEWAY_TOKEN")
DEADLINE_S = 120  # reached only by a test that fails
OWN = "console-test/"
EVENT = "console-test-1"
# The gateway's answers that tell what is wrong are in the browser's log, too; only they may be.
EXPECTED_IN_LOG = ("Failed to load resource", "net::ERR_")


def request(method, name, document=None):
    """A write by somebody else: not by the browser."""
    target = f"{URL}/v1/records/{urllib.parse.quote(name, safe='')}"
    body = None if document is None else json.dumps(document).encode()
    asked = urllib.request.Request(target, data=body, method=method)
    if TOKEN:
        asked.add_header("Authorization", "Bearer " + TOKEN)
    with urllib.request.urlopen(asked, timeout=DEADLINE_S) as response:
        return json.load(response)


def put(name, document):
    return request("PUT", name, document)


def remove(name):
    return request("DELETE", name)


def names(pattern):
    asked = urllib.request.Request(f"{URL}/v1/records?limit=1000&documents=false&pattern=" + urllib.parse.quote(pattern))
    if TOKEN:
        asked.add_header("Authorization", "Bearer " + TOKEN)
    with urllib.request.urlopen(asked, timeout=DEADLINE_S) as response:
        return [record["name"] for record in json.load(response)["records"]]


def remove_all():
    for pattern in (OWN + "**", "event/console-test*/**"):
        for name in names(pattern):
            remove(name)


def seat(number, section="A"):
    return f"event/{EVENT}/{section}/seat/{number:03}"


def open_browser():
    options = Options()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--window-size=1280,800"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


class ConsoleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = open_browser()
        cls.browser.set_script_timeout(DEADLINE_S)

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()

    def setUp(self):
        remove_all()
        self.addCleanup(remove_all)
        self.browser.get_log("browser")  # what other tests have left

    def tearDown(self):
        wrong = [entry["message"] for entry in self.browser.get_log("browser")
                 if entry["level"] == "SEVERE" and not any(part in entry["message"] for part in EXPECTED_IN_LOG)]
        self.assertEqual(wrong, [])

    # What the tests say.

    def open(self, place, token=True):
        # The part behind '#' alone would not load the page again.
        self.browser.get("about:blank")
        self.browser.get(f"{URL}/{place}")
        if TOKEN and token:
            self.browser.execute_script("sessionStorage.setItem('ringside.token', arguments[0])", TOKEN)
            self.browser.refresh()

    def open_records(self, pattern, more=""):
        self.open("#records?pattern=" + urllib.parse.quote(pattern) + more)

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def until(self, condition, what):
        def holds(_):
            try:
                return condition()
            except StaleElementReferenceException:
                return False
        return WebDriverWait(self.browser, DEADLINE_S, poll_frequency=0.05).until(holds, what)

    def js(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def rows(self):
        return self.js("return [...document.querySelectorAll('#records-rows tr')].map(row => row.dataset.name)")

    def row_text(self, name):
        return self.js("return document.querySelector(`#records-rows tr[data-name='${arguments[0]}']`)?.textContent", name)

    def until_rows(self, wanted):
        self.until(lambda: self.rows() == wanted, f"rows {wanted}")

    def focused(self, script):
        return self.js(f"const it = document.activeElement; return {script}")

    def press(self, *keys):
        webdriver.ActionChains(self.browser).send_keys(*keys).perform()

    def text_of(self, identifier):
        return self.js("return document.getElementById(arguments[0]).textContent", identifier)

    def status_of(self, name):
        return self.js("return document.querySelector(`#sections .seat[data-name='${arguments[0]}']`)?.dataset.status", name)

    def legend(self):
        return dict(self.js("return [...document.querySelectorAll('#legend li')].map(li => "
                            "[li.dataset.status, Number(li.querySelector('strong').textContent)])"))


class Records(ConsoleTest):
    def test_are_listed_in_order_of_their_names(self):
        for name in ("b", "a", "c/d"):
            put(OWN + name, {"n": name})
        self.open_records(OWN + "**")
        self.until_rows([OWN + "a", OWN + "b", OWN + "c/d"])
        self.until(lambda: self.text_of("records-count") == "3 records", "a count")

    def test_appear_change_and_go_while_somebody_looks(self):
        put(OWN + "b", {"n": 1})
        self.open_records(OWN + "**")
        self.until_rows([OWN + "b"])
        put(OWN + "a", {"n": 2})
        self.until_rows([OWN + "a", OWN + "b"])
        put(OWN + "b", {"n": "changed"})
        self.until(lambda: "changed" in self.row_text(OWN + "b"), "the change")
        self.assertIn("flash", self.find(f"[data-name='{OWN}b']").get_attribute("class"))
        remove(OWN + "a")
        self.until_rows([OWN + "b"])

    def test_are_those_of_the_pattern_that_is_typed(self):
        put(OWN + "a", 1)
        put(OWN + "deep/b", 2)
        self.open_records(OWN + "**")
        self.until_rows([OWN + "a", OWN + "deep/b"])
        field = self.find("#pattern")
        field.clear()
        field.send_keys(OWN + "*", Keys.ENTER)
        self.until_rows([OWN + "a"])

    def test_of_a_wrong_pattern_are_a_problem_in_words(self):
        self.open_records("a//b")
        self.until(lambda: "bad_pattern" in self.text_of("records-problem"), "the problem")
        self.assertEqual(self.rows(), [])
        field = self.find("#pattern")
        field.clear()
        field.send_keys(OWN + "**", Keys.ENTER)
        self.until(lambda: self.find("#records-problem").get_attribute("hidden"), "no problem any more")

    def test_with_markup_in_them_are_text(self):
        put(OWN + "<img src=x onerror=hacked()>", {"<b>": "<script>document.title='hacked'</script>"})
        self.open_records(OWN + "**", "&name=" + urllib.parse.quote(OWN + "<img src=x onerror=hacked()>"))
        self.until(lambda: "<script>" in self.text_of("document-text"), "the document")
        self.assertEqual(self.js("return document.querySelectorAll('main img, main b, main script').length"), 0)
        self.assertNotEqual(self.browser.title, "hacked")


class Documents(ConsoleTest):
    def test_show_what_has_changed_of_each_version(self):
        put(OWN + "a", {"kept": 1, "n": 1, "gone": True})
        self.open_records(OWN + "**", "&name=" + urllib.parse.quote(OWN + "a"))
        self.until(lambda: '"n": 1' in self.text_of("document-text"), "the document")
        put(OWN + "a", {"kept": 1, "n": 2, "new": {"deep": [1]}})
        self.until(lambda: '"n": 2' in self.text_of("document-text"), "the change")
        marks = dict(self.js("return [...document.querySelectorAll('#document-text .line[data-change]')]"
                             ".map(line => [line.dataset.pointer, line.dataset.change])"))
        self.assertEqual(marks, {"/n": "changed", "/new": "added", "/new/deep": "added", "/new/deep/0": "added"})
        newest = self.js("return document.querySelector('#history li').textContent")
        for part in ("v2", "/gone", "true", "/n"):
            self.assertIn(part, newest)

    def test_keep_the_last_fifty_changes(self):
        put(OWN + "a", {"n": 0})
        self.open_records(OWN + "**", "&name=" + urllib.parse.quote(OWN + "a"))
        self.until(lambda: '"n": 0' in self.text_of("document-text"), "the document")
        for n in range(1, 60):
            put(OWN + "a", {"n": n})
            # A client that keeps up is told of each; this one does, as long as it is waited for.
            self.until(lambda n=n: f'"n": {n}' in self.text_of("document-text"), f"change {n}")
        self.assertEqual(self.js("return document.querySelectorAll('#history li').length"), 50)

    def test_have_numbers_of_64_bits(self):
        put(OWN + "a", {"n": 9007199254740993})
        self.open_records(OWN + "**", "&name=" + urllib.parse.quote(OWN + "a"))
        self.until(lambda: "9007199254740993" in self.text_of("document-text"), "the number, exactly")

    def test_say_that_the_record_was_removed(self):
        put(OWN + "a", {"n": 1})
        self.open_records(OWN + "**", "&name=" + urllib.parse.quote(OWN + "a"))
        self.until(lambda: '"n": 1' in self.text_of("document-text"), "the document")
        remove(OWN + "a")
        self.until(lambda: "removed" in self.text_of("document-facts"), "that it is gone")


class Keyboard(ConsoleTest):
    def test_is_enough_to_find_and_read_a_record(self):
        for name in ("a", "b", "c"):
            put(OWN + name, {"name": name})
        self.open_records(OWN + "**")
        self.until_rows([OWN + "a", OWN + "b", OWN + "c"])
        self.find("#pattern").send_keys("")
        self.press(Keys.TAB, Keys.TAB)  # past the button
        self.until(lambda: self.focused("it.dataset?.name") == OWN + "a", "the first row")
        self.press(Keys.ARROW_DOWN)
        self.assertEqual(self.focused("it.dataset.name"), OWN + "b")
        self.press(Keys.END)
        self.assertEqual(self.focused("it.dataset.name"), OWN + "c")
        self.press(Keys.ARROW_UP)
        self.press(Keys.ENTER)
        self.until(lambda: '"b"' in self.text_of("document-text"), "the document")
        self.assertTrue(self.focused("it.id === 'document'"))
        self.press(Keys.ESCAPE)
        self.assertEqual(self.focused("it.dataset.name"), OWN + "b")
        self.assertFalse(self.find("#document").is_displayed())

    def test_moves_through_tabs_of_which_one_is_in_the_tab_order(self):
        self.open("#records")
        self.until(lambda: self.find("#tab-records").get_attribute("aria-selected") == "true", "a tab")
        self.find("#tab-records").send_keys(Keys.ARROW_RIGHT)
        self.assertEqual(self.focused("it.id"), "tab-overview")
        self.assertTrue(self.find("#panel-overview").is_displayed())
        self.assertFalse(self.find("#panel-records").is_displayed())
        self.press(Keys.END)
        self.assertEqual(self.focused("it.id"), "tab-seats")
        self.press(Keys.ARROW_RIGHT)
        self.assertEqual(self.focused("it.id"), "tab-records")
        self.assertEqual(self.js("return [...document.querySelectorAll('[role=tab]')].filter(tab => tab.tabIndex === 0).length"), 1)

    def test_shows_where_it_is(self):
        self.open("#records")
        self.until(lambda: self.find("#tab-records").get_attribute("aria-selected") == "true", "a tab")
        self.find("#tab-records").send_keys(Keys.ARROW_RIGHT)
        self.assertEqual(self.js("return getComputedStyle(document.activeElement).outlineStyle"), "solid")

    def test_moves_through_the_seats_of_a_section(self):
        for number in range(1, 6):
            put(seat(number), {"status": "available"})
        self.open(f"#seats?event={EVENT}")
        self.until(lambda: self.status_of(seat(5)) == "available", "the seats")
        self.js("document.querySelector('#sections .seat[tabindex=\"0\"]').focus()")
        self.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        self.assertEqual(self.focused("it.dataset.name"), seat(3))
        self.press(Keys.ENTER)
        self.until(lambda: self.find("#panel-records").is_displayed(), "the record's tab")
        self.until(lambda: "available" in self.text_of("document-text"), "the record")


class SeatMap(ConsoleTest):
    def test_is_coloured_by_status_while_it_changes(self):
        for number in range(1, 5):
            put(seat(number), {"status": "available", "price": 4200})
        self.open(f"#seats?event={EVENT}")
        self.until(lambda: self.status_of(seat(4)) == "available", "the seats")
        self.until(lambda: self.legend() == {"available": 4, "held": 0, "sold": 0}, "the counts")
        colour = "return getComputedStyle(document.querySelector(`[data-name='${arguments[0]}']`)).backgroundColor"
        before = self.js(colour, seat(2))
        put(seat(2), {"status": "sold", "price": 4200})
        put(seat(3), {"status": "held", "price": 4200})
        self.until(lambda: self.status_of(seat(2)) == "sold" and self.status_of(seat(3)) == "held", "the colours")
        self.assertNotEqual(self.js(colour, seat(2)), before)
        self.until(lambda: self.legend() == {"available": 2, "held": 1, "sold": 1}, "the counts")
        remove(seat(4))
        self.until(lambda: self.status_of(seat(4)) is None, "the seat that is gone")

    def test_has_sections_of_both_ways_to_name_seats(self):
        put(seat(1, "A"), {"status": "sold"})
        put(f"event/{EVENT}/seat/B07", {"status": "free"})
        self.open(f"#seats?event={EVENT}")
        sections = "return [...document.querySelectorAll('#sections section')].map(it => it.dataset.section)"
        self.until(lambda: self.js(sections) == ["A", "B"], "the sections")
        self.assertEqual(self.status_of(f"event/{EVENT}/seat/B07"), "available")


class Figures(ConsoleTest):
    def test_follow_what_the_grid_does(self):
        self.open("#overview")
        fact = ("return [...document.querySelectorAll('#facts div')].find(it => "
                "it.querySelector('dt').textContent === arguments[0])?.querySelector('dd').textContent")
        number = lambda: int(self.js(fact, "Records").replace(",", ""))
        self.until(lambda: self.js(fact, "Broker") == "up", "a broker")
        before = number()
        put(OWN + "a", 1)
        self.until(lambda: number() == before + 1, "another record")
        self.until(lambda: self.js("return document.querySelectorAll('#plots path.line[d^=M]').length") >= 4, "plots")

    def test_name_the_sessions(self):
        self.open("#sessions")
        self.until(lambda: self.js("return document.querySelectorAll('#sessions-rows tr').length") >= 1, "sessions")
        self.assertRegex(self.text_of("sessions-count"), r"^[0-9,]+ sessions?$")


class Narrow(ConsoleTest):
    def test_screens_need_no_scrolling_sideways(self):
        put(OWN + "a-name-that-is/rather/long/as/they/may/be/in/the/field", {"text": "x" * 300})
        put(seat(1), {"status": "sold"})
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": 380, "height": 750, "deviceScaleFactor": 1, "mobile": False})
        for place in ("#records?pattern=" + urllib.parse.quote(OWN + "**"), "#overview", "#sessions", f"#seats?event={EVENT}"):
            self.open(place)
            self.until(lambda: self.text_of("state-text") == "live", "an answer")
            wide = self.js("return document.documentElement.scrollWidth")
            self.assertLessEqual(wide, 380, place)


class Streams(ConsoleTest):
    def test_go_on_from_the_event_that_came_last(self):
        """EventSource, in any page: what happens between two connections is told by the second."""
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
        # Of one record only the newest state would have to be told.
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

    def test_is_told_of_and_recovered_from(self):
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
        self.until(lambda: self.text_of("banner") == "", "no banner any more")
        put(OWN + "b", {"n": 2})
        self.until_rows([OWN + "a", OWN + "b"])

    def test_leaves_a_seat_map_that_goes_on(self):
        put(seat(1), {"status": "available"})
        self.open(f"#seats?event={EVENT}")
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


@unittest.skipUnless(TOKEN, "RINGSIDE_GATEWAY_TOKEN is not given")
class Tokens(ConsoleTest):
    def test_are_asked_for_and_kept_by_the_tab(self):
        put(OWN + "a", {"n": 1})
        self.open("#records?pattern=" + urllib.parse.quote(OWN + "**"), token=False)
        self.js("sessionStorage.clear()")
        self.browser.refresh()
        self.until(lambda: self.find("#token-dialog").is_displayed(), "the question")
        self.find("#token").send_keys("wrong", Keys.ENTER)
        self.until(lambda: "refused" in self.text_of("token-problem"), "that it is wrong")
        self.until(lambda: self.find("#token-dialog").is_displayed(), "the question again")
        self.find("#token").send_keys(TOKEN, Keys.ENTER)
        self.until_rows([OWN + "a"])
        put(OWN + "a", {"n": "live"})
        self.until(lambda: "live" in self.row_text(OWN + "a"), "a stream that has the token")
        self.browser.refresh()
        self.until_rows([OWN + "a"])
        self.assertNotIn(TOKEN, self.browser.current_url)


if __name__ == "__main__":
    if not URL:
        sys.exit("RINGSIDE_GATEWAY_URL is not set")
    del ConsoleTest
    unittest.main(verbosity=2)
