"""The appearance of each view: wide and narrow, light and dark."""

import os
import urllib.parse

from console_case import OWN, ConsoleTest, commit, put

SQL = urllib.parse.urlencode({"sql": "SELECT state, count(*) AS n, avg(load) AS load FROM t GROUP BY 1", "chart": "bar",
                              "tables": f"t={OWN}host/*(state, load REAL)"})
NAME = urllib.parse.quote(OWN + "host/node-1", safe="")
PLACES = {
    "records": f"#records?pattern={OWN}**",
    "document": f"#records?pattern={OWN}**&name={NAME}",
    "editor": f"#records?pattern={OWN}**&name={NAME}",
    "conflict": f"#records?pattern={OWN}**&name={NAME}",
    "deletion": f"#records?pattern={OWN}**&name={NAME}",
    "sql": "#sql?" + SQL,
    "messages": f"#messages?listen={OWN}**",
    "map": f"#map?pattern={OWN}host/*&status=state",
    "overview": "#overview",
    "health": "#health",
    "latency": "#latency",
    "sessions": "#sessions",
    "providers": "#providers",
    "indexes": "#indexes",
    "kafka": "#kafka",
}
# What each view shows when it is complete.
COMPLETE = {
    "records": "#records-rows tr", "document": "#document-text .line", "editor": "#editor-text",
    "conflict": "#editor-conflict:not([hidden])", "deletion": "#delete-dialog[open]", "sql": "#chart rect.bar",
    "messages": "#listen-stop:not([hidden])", "map": "#map-groups .cell", "overview": "#plots path.line[d^=M]",
    "health": "#checks li", "latency": "#latency-rows tr", "sessions": "#sessions tbody tr", "providers": "#panel-providers h2",
    "indexes": "#panel-indexes dd", "kafka": "#kafka-sources tbody tr",
}
# Text whose contrast with its background is less than that of WCAG 2, level AA.
FAINT = """
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[0-9.]+/g).map(Number);
    return text.startsWith("color(") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const over = ([r, g, b, a], [r2, g2, b2]) => [r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a), 1];
  const background = (node) => {
    if (!node) return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
    const style = getComputedStyle(node);
    if (style.backgroundImage !== "none") return null;
    const own = parse(style.backgroundColor);
    if (own[3] === 1) return own;
    const below = background(node.parentElement);
    return below && over(own, below);
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.closest(":disabled, option, .skip")) continue;
    const style = getComputedStyle(node);
    const behind = background(node);
    if (!behind) continue;
    const [x, y] = [luminance(over(parse(node instanceof SVGElement ? style.fill : style.color), behind)), luminance(behind)];
    const ratio = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
    const isLarge = parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700;
    if (ratio < (isLarge ? 3 : 4.5)) faint.add(`${node.tagName}.${node.getAttribute("class") ?? ""} '${walker.currentNode.data.trim().slice(0, 30)}' ${ratio.toFixed(2)}`);
  }
  return [...faint];
"""
# Controls without an accessible name.
NAMELESS = """
  return [...document.querySelectorAll("button, input, select, textarea, a, [tabindex='0']")].filter((node) => node.checkVisibility())
    .filter((node) => !(node.textContent.trim() || node.getAttribute("aria-label") || node.getAttribute("aria-labelledby") || node.labels?.length))
    .map((node) => node.outerHTML.slice(0, 80));
"""
# Elements that extend beyond the screen and are in no scrollable element.
BEYOND = """
  const scrolls = (node) => node && (getComputedStyle(node).overflowX !== "visible" || scrolls(node.parentElement));
  return [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility() && !node.closest(".skip") && !scrolls(node.parentElement))
    .filter((node) => node.getBoundingClientRect().right > innerWidth + 1).map((node) => `${node.tagName}#${node.id}.${node.className}`);
"""


class Appearance(ConsoleTest):
    def setUp(self):
        super().setUp()
        documents = {f"{OWN}host/node-{i}": {"state": ["ok", "down", "slow", "held", "free"][i % 5], "load": i / 40,
                                             "tags": ["a", "b"], "note": "x" * 300} for i in range(40)}
        documents[OWN + "a-name-that-is/rather/long/as/names/might/be/in/the/field/where/nobody/shortens/them"] = {"n": 1}
        documents["kafka/console-test/@source/m"] = {"state": "held", "reason": "the grid is full: delete records or restart the broker",
                                                     "lag": 1234567, "dead_letters": 12, "rate": 12345, "messages": 123456789}
        commit(documents)

    def show(self, view):
        self.open(PLACES[view])
        if view == "sql":
            self.until(lambda: "SELECT" in self.js("return document.getElementById('sql').value"), "the statement")
            self.js("document.getElementById('sql-form').requestSubmit()")
        if view in ("editor", "conflict", "deletion"):
            self.until(lambda: self.text_of("document-text"), "the document")
            self.click("document-delete" if view == "deletion" else "document-edit")
        if view == "conflict":
            self.set_value("editor-text", "{")
            self.js("document.getElementById('editor').requestSubmit()")
            put(OWN + "host/node-1", {"state": "changed", "load": 0.5, "tags": ["a"], "more": {"a": [1, 2, 3]}})
        if view == "messages":
            self.set_value("event-subject", OWN + "news")
            self.until(lambda: self.text_of("listen-status").startswith("subscribed"), "the subscription")
            self.js("document.getElementById('event-form').requestSubmit()")
            self.until(lambda: self.texts("#events li"), "the event")
        self.until(lambda: self.js("return document.querySelector(arguments[0]) !== null", COMPLETE[view]), f"all of {view}")
        self.until(lambda: self.text_of("state-text") == "live", "an answer")

    def finish_animations(self):
        self.js("document.getAnimations().forEach((animation) => animation.finish())")

    def check(self, view, width, scheme):
        self.show(view)
        self.finish_animations()
        directory = os.environ.get("RINGSIDE_SCREENSHOTS")
        if directory:
            self.browser.save_screenshot(os.path.join(directory, f"{view}-{width}-{scheme}.png"))
        self.assertLessEqual(self.js("return document.documentElement.scrollWidth"), width)
        self.assertEqual(self.js(BEYOND), [])
        self.assertEqual(self.js(FAINT), [])
        self.assertEqual(self.js(NAMELESS), [])

    def check_all(self, width, scheme):
        self.emulate(width, scheme)
        for view in PLACES:
            with self.subTest(view=view):
                self.check(view, width, scheme)
        red, green, blue = self.js("return getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
        self.assertEqual(max(red, green, blue) < 100, scheme == "dark")

    def test_is_readable_when_wide_and_light(self):
        self.check_all(1280, "light")

    def test_is_readable_when_wide_and_dark(self):
        self.check_all(1280, "dark")

    def test_is_readable_when_narrow_and_light(self):
        self.check_all(390, "light")

    def test_is_readable_when_narrow_and_dark(self):
        self.check_all(390, "dark")

    def test_shows_a_record_in_place_of_the_list_when_narrow(self):
        self.emulate(390)
        self.show("records")
        self.js("document.querySelector(`#records-rows tr[data-name='${arguments[0]}']`).click()", OWN + "host/node-1")
        self.until(lambda: self.find("#document-text").is_displayed(), "the record")
        self.assertFalse(self.find("#records").is_displayed())
        self.click("document-close")
        self.until(lambda: self.find("#records").is_displayed(), "the list again")

    def test_loads_nothing_of_other_hosts(self):
        for view in PLACES:
            self.show(view)
            for url in self.js("return performance.getEntriesByType('resource').map(it => it.name)"):
                self.assertTrue(url.startswith(self.js("return location.origin")), url)

    def test_obeys_its_security_policy(self):
        """The browser blocks what a page should not do, even if text became markup."""
        self.open("#records")
        blocked = self.browser.execute_async_script("""
            const done = arguments[0];
            document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective), { once: true });
            const script = document.createElement("script");
            script.textContent = "window.hacked = true";
            document.head.append(script);""")
        self.assertTrue(blocked.startswith("script-src"), blocked)
        self.assertFalse(self.js("return Boolean(window.hacked)"))
        self.browser.get_log("browser")  # the browser has logged the violation
