#!/usr/bin/python3
"""The page of `ringside report` in a real browser, on a screen and on a phone.

  report_test.py BROKER RINGSIDE

Needs Debian's chromium, chromium-driver and python3-selenium.
"""

import os
import subprocess
import sys
import tempfile
import unittest

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

BROKER, RINGSIDE = sys.argv[1:3]
GRID = f"report-{os.getpid()}"
PHONE_PX = 390
READABLE_PX = 11  # size of letters
REPORT = """-- title: A report with a title that is far too long for one line of a phone
-- name: Bars with long names
-- chart: bar x=section y=sold,held,available
SELECT 'section number ' || value AS section, value * 17000 AS sold, value * 900 AS held,
       123456 AS available FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12]');
-- name: Times
-- chart: line x=minute y=revenue_of_all_sections,sold_seats,another_series_with_a_long_name
SELECT strftime('%Y-%m-%d %H:%M', 1774740600 + value * 3600, 'unixepoch') AS minute,
       value * value * 123456 AS revenue_of_all_sections, value AS sold_seats,
       value + 10 AS another_series_with_a_long_name
FROM json_each('[0,1,2,3,5,8,13,21,34]');
-- name: Numbers
-- chart: line x=x y=y
SELECT value AS x, value * 1000 AS y FROM json_each('[0,1000,5000,250000]');
-- name: A wide table
SELECT 1234567890 AS a, 'a long text in a cell' AS b, 'another long text in a cell' AS c,
       'and one more long text in a cell' AS d, 'which does not fit a phone' AS e;
"""

# The charts that are shown, with the boxes of their texts by line.
CHARTS = """
return [...document.querySelectorAll("svg.chart")]
  .filter((chart) => chart.getBoundingClientRect().width > 0)
  .map((chart) => {
    const own = chart.getBoundingClientRect();
    return {
      kind: chart.getAttribute("class"), left: own.left, right: own.right, width: own.width,
      scale: own.width / chart.viewBox.baseVal.width,
      texts: [...chart.querySelectorAll("text")].map((text) => {
        const box = text.getBoundingClientRect();
        return {text: text.textContent, left: box.left, right: box.right, top: box.top,
                bottom: box.bottom};
      })};
  });
"""


class ReportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        broker = subprocess.Popen([BROKER, "--grid", GRID, "--memory", "16MiB"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        cls.addClassCleanup(broker.wait)
        cls.addClassCleanup(broker.terminate)
        assert broker.stdout.readline().startswith("ready")
        report = os.path.join(cls.directory.name, "report.sql")
        cls.page = os.path.join(cls.directory.name, "report.html")
        with open(report, "w") as file:
            file.write(REPORT)
        subprocess.run([RINGSIDE, "-g", GRID, "report", report, "--output", cls.page], check=True)
        options = Options()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu",
                         "--disable-dev-shm-usage"):
            options.add_argument(argument)
        cls.browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        cls.addClassCleanup(cls.browser.quit)

    def open(self, width):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 844, "deviceScaleFactor": 2, "mobile": width < 600})
        self.browser.get("file://" + self.page)
        if os.environ.get("RINGSIDE_SCREENSHOTS"):
            self.browser.save_screenshot(
                os.path.join(os.environ["RINGSIDE_SCREENSHOTS"], f"report-{width}.png"))
        return self.browser.execute_script(CHARTS)

    def check(self, charts, kind, page_width):
        self.assertEqual([chart["kind"] for chart in charts], ["chart " + kind] * 3)
        for chart in charts:
            self.assertGreaterEqual(chart["scale"] * 12, READABLE_PX)
            self.assertLessEqual(chart["right"], page_width)
            for text in chart["texts"]:
                self.assertGreaterEqual(text["left"], chart["left"] - 1, text)
                self.assertLessEqual(text["right"], chart["right"] + 1, text)
            for a in chart["texts"]:
                for b in chart["texts"]:
                    overlaps = (a is not b and a["left"] < b["right"] and b["left"] < a["right"]
                                and a["top"] < b["bottom"] and b["top"] < a["bottom"])
                    self.assertFalse(overlaps, (a, b))
        shown = self.browser.execute_script("return document.scrollingElement.scrollWidth")
        self.assertLessEqual(shown, page_width, "the page is wider than the screen")

    def test_is_readable_on_a_phone(self):
        self.check(self.open(PHONE_PX), "narrow", PHONE_PX)

    def test_is_readable_on_a_screen(self):
        self.check(self.open(1280), "wide", 1280)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
