"""The console in a real browser, against a running gateway: what its tests share.

The environment is described in console_test.py.
"""

import json
import os
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
READER = os.environ.get("RINGSIDE_GATEWAY_READER_TOKEN")
GRID = os.environ.get("RINGSIDE_GATEWAY_GRID")
CLI = os.environ.get("RINGSIDE_CLI")
DEADLINE_S = 120  # reached only by a test that fails
OWN = "console-test/"
EVENT = "console-test-1"
HOSTILE = "<img src=x onerror=hacked()>"
# Responses with an error status are in the browser's log, too. Nothing else may be there.
EXPECTED_IN_LOG = ("Failed to load resource", "net::ERR_")


def request(method, name, document=None):
    """Writes a record without the browser, as another user would."""
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
    for pattern in (OWN + "**", "event/console-test*/**", "kafka/console-test*/**"):
        for name in names(pattern):
            remove(name)


def commit(documents):
    """Writes many records in one transaction."""
    writes = [{"op": "put", "name": name, "document": document} for name, document in documents.items()]
    asked = urllib.request.Request(f"{URL}/v1/transactions", data=json.dumps({"writes": writes}).encode(), method="POST")
    if TOKEN:
        asked.add_header("Authorization", "Bearer " + TOKEN)
    with urllib.request.urlopen(asked, timeout=DEADLINE_S) as response:
        return json.load(response)


def seat(number):
    return f"event/{EVENT}/seat/A{number}"


def quoted(text):
    return urllib.parse.quote(text, safe="")


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
        self.browser.get_log("browser")  # entries of other tests

    def tearDown(self):
        wrong = [entry["message"] for entry in self.browser.get_log("browser")
                 if entry["level"] == "SEVERE" and not any(part in entry["message"] for part in EXPECTED_IN_LOG)]
        self.assertEqual(wrong, [])

    # The vocabulary of the tests.

    def open(self, place, token=TOKEN):
        # A change of the part behind '#' alone does not reload the page.
        self.browser.get("about:blank")
        self.browser.get(f"{URL}/{place}")
        if token:
            self.browser.execute_script("sessionStorage.setItem('ringside.token', arguments[0])", token)
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

    def press_with_control(self, key):
        webdriver.ActionChains(self.browser).key_down(Keys.CONTROL).send_keys(key).key_up(Keys.CONTROL).perform()

    def text_of(self, identifier):
        return self.js("return document.getElementById(arguments[0]).textContent", identifier)

    def is_hidden(self, identifier):
        return self.js("return document.getElementById(arguments[0]).hidden", identifier)

    def set_value(self, identifier, text):
        self.js("const node = document.getElementById(arguments[0]); node.value = arguments[1];"
                "node.dispatchEvent(new Event('input', { bubbles: true }));"
                "node.dispatchEvent(new Event('change', { bubbles: true }))", identifier, text)

    def click(self, identifier):
        self.until(lambda: self.find("#" + identifier).is_displayed(), identifier)
        self.find("#" + identifier).click()

    def texts(self, selector):
        return self.js("return [...document.querySelectorAll(arguments[0])].map(node => node.textContent)", selector)

    def emulate(self, width, scheme="light"):
        """Sets width of the screen and colour scheme until the end of the test."""
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.setEmulatedMedia", {"features": []})
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                     {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def assert_no_markup(self):
        """Nothing of a record has become an element, and none of its scripts has run."""
        self.assertEqual(self.js("return document.querySelectorAll('main img, main b, main script, main iframe, dialog img').length"), 0)
        self.assertFalse(self.js("return Boolean(window.hacked)"))
        self.assertNotIn("hacked", self.browser.title)

    def status_of(self, name):
        return self.js("return document.querySelector(`#map-groups .cell[data-name='${arguments[0]}']`)?.dataset.status", name)

    def legend(self):
        return dict(self.js("return [...document.querySelectorAll('#legend li')].map(li => "
                            "[li.dataset.status, Number(li.querySelector('strong').textContent)])"))
