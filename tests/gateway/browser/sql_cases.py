"""The view of SQL: statements, results, limits, charts and files."""

import csv
import os
import tempfile
import urllib.parse

from selenium.webdriver.common.keys import Keys

from console_case import ConsoleTest, HOSTILE, OWN, commit, put, quoted

TABLE = f"t={OWN}*(label, n INTEGER, at INTEGER)"


class Sql(ConsoleTest):
    def open_sql(self, sql, tables="", more=""):
        self.open("#sql?" + urllib.parse.urlencode({"sql": sql, "tables": tables}) + more)
        self.until(lambda: self.js("return document.getElementById('sql').value") == sql, "the statement")

    def run_sql(self, sql, tables="", more=""):
        self.open_sql(sql, tables, more)
        self.js("document.getElementById('sql-form').requestSubmit()")

    def result(self):
        return self.js("return [...document.querySelectorAll('#sql-rows tr')].map(row => [...row.cells].map(it => it.textContent))")

    def until_result(self, wanted):
        self.until(lambda: self.result() == wanted, f"the rows {wanted}")

    def test_returns_a_table(self):
        commit({OWN + "a": {"label": "x", "n": 1}, OWN + "b": {"label": "y", "n": 9007199254740993}, OWN + "c": {"label": None}})
        self.run_sql("SELECT label, n FROM t ORDER BY name", TABLE)
        self.until_result([["x", "1"], ["y", "9007199254740993"], ["NULL", "NULL"]])
        self.assertEqual(self.texts("#sql-columns th"), ["label", "n"])
        self.assertRegex(self.text_of("sql-status"), r"3 rows at revision \d+")

    def test_of_an_address_is_shown_and_not_run(self):
        self.open_sql("SELECT 1")
        self.assertEqual(self.result(), [])
        self.assertTrue(self.is_hidden("sql-result"))

    def test_runs_with_the_keyboard_and_is_kept_in_the_address(self):
        self.open_sql("")
        self.find("#sql").send_keys("SELECT 40 + 2", Keys.CONTROL, Keys.ENTER)
        self.until_result([["42"]])
        self.browser.refresh()
        self.until(lambda: self.js("return document.getElementById('sql').value") == "SELECT 40 + 2", "the statement")

    def test_that_is_wrong_shows_the_reason_and_the_place(self):
        self.run_sql("SELECT nothing FROM records")
        self.until(lambda: "nothing" in self.text_of("sql-problem") and "(400 bad_query)" in self.text_of("sql-problem"), "the problem")
        self.assertTrue(self.is_hidden("sql-result"))

    def test_with_too_many_rows_says_what_to_do(self):
        commit({f"{OWN}{i:03}": {"n": i} for i in range(101)})
        self.run_sql("SELECT n FROM t", TABLE, "&limit=100")
        self.until(lambda: "query_too_large" in self.text_of("sql-problem") and "LIMIT" in self.text_of("sql-problem"), "the limit")
        self.set_value("sql-limit", "1000")
        self.js("document.getElementById('sql-form').requestSubmit()")
        self.until(lambda: len(self.result()) == 101, "all rows")

    def test_shows_long_results_in_parts(self):
        self.run_sql("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 450) SELECT n FROM c")
        self.until(lambda: len(self.result()) == 200, "the first rows")
        self.click("sql-more")
        self.click("sql-more")
        self.until(lambda: len(self.result()) == 450, "all rows")
        self.assertTrue(self.is_hidden("sql-more"))

    def test_with_markup_in_columns_and_values_is_text(self):
        put(OWN + HOSTILE, {"label": "<script>document.title='hacked'</script>"})
        self.run_sql(f'SELECT name, label, label AS "{HOSTILE}", 1 AS n FROM t', TABLE, "&chart=bar&x=name")
        self.until(lambda: self.result() == [[OWN + HOSTILE] + ["<script>document.title='hacked'</script>"] * 2 + ["1"]], "the row")
        self.assertIn(HOSTILE, self.texts("#sql-columns th"))
        self.until(lambda: self.texts("#chart text.label"), "the chart")
        self.assert_no_markup()

    def test_links_names_to_their_records(self):
        put(OWN + "a", {"n": 1})
        self.run_sql("SELECT name FROM t", TABLE)
        self.until_result([[OWN + "a"]])
        self.find("#sql-rows a").click()
        self.until(lambda: self.text_of("document-name") == OWN + "a", "the record")
        self.browser.back()
        self.until(lambda: self.find("#panel-sql").is_displayed(), "the result again")


class SqlFiles(ConsoleTest):
    def test_have_the_rows_of_the_table(self):
        commit({OWN + "a": {"label": 'x,"y"\n', "n": 1}, OWN + "b": {"label": HOSTILE, "n": 2}})
        with tempfile.TemporaryDirectory() as directory:
            self.browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": directory})
            self.open("#sql?" + urllib.parse.urlencode({"sql": "SELECT label, n FROM t ORDER BY name", "tables": TABLE}))
            self.until(lambda: "SELECT" in self.js("return document.getElementById('sql').value"), "the statement")
            self.js("document.getElementById('sql-form').requestSubmit()")
            self.until(lambda: "2 rows" in self.text_of("sql-status"), "the result")
            put(OWN + "c", {"label": "of another revision", "n": 3})
            self.click("sql-csv")
            self.until(lambda: [name for name in os.listdir(directory) if name.endswith(".csv")], "the file")
            path = os.path.join(directory, [name for name in os.listdir(directory) if name.endswith(".csv")][0])
            with open(path, newline="", encoding="utf-8") as file:
                self.assertEqual(list(csv.reader(file)), [["label", "n"], ['x,"y"\n', "1"], [HOSTILE, "2"]])
            self.assertRegex(os.path.basename(path), r"^query-\d+\.csv$")


class Charts(ConsoleTest):
    def run_sql(self, sql, more=""):
        self.open("#sql?" + urllib.parse.urlencode({"sql": sql, "tables": TABLE}) + more)
        self.until(lambda: self.js("return document.getElementById('sql').value") == sql, "the statement")
        self.js("document.getElementById('sql-form').requestSubmit()")

    def bars(self):
        return self.js("return [...document.querySelectorAll('#chart rect.bar')].map(it => Number(it.getAttribute('width')))")

    def setUp(self):
        super().setUp()
        commit({f"{OWN}{i}": {"label": f"g{i % 3}", "n": (i % 3 + 1) * 1000, "at": 1764000000000 + i * 60000} for i in range(9)})

    def test_of_groups_are_bars_by_themselves(self):
        self.run_sql("SELECT label, sum(n) AS total FROM t GROUP BY label ORDER BY label")
        self.until(lambda: len(self.bars()) == 3, "the bars")
        self.assertEqual(self.texts("#chart text.label"), ["g0", "g1", "g2"])
        small, middle, large = self.bars()
        self.assertAlmostEqual(middle / small, 2, places=1)
        self.assertAlmostEqual(large / small, 3, places=1)
        self.assertIn("3,000", self.texts("#chart text.tick"))

    def test_are_lines_over_time_if_the_user_wants(self):
        self.run_sql("SELECT at, n FROM t ORDER BY at")
        self.until(lambda: self.find("#chart-kind").is_displayed(), "the choice")
        self.assertTrue(self.is_hidden("chart"))
        self.set_value("chart-kind", "line")
        self.set_value("chart-x", "0")
        self.until(lambda: len(self.texts("#chart path.line")) == 1, "a line")
        self.assertTrue(any(":" in text for text in self.texts("#chart text.tick")), "ticks are times")
        self.assertIn("chart=line", self.browser.current_url)

    def test_have_a_series_for_each_chosen_column(self):
        self.run_sql("SELECT label, min(n) AS low, max(n) AS high FROM t GROUP BY label")
        self.until(lambda: len(self.bars()) == 3, "the bars")
        self.js("document.querySelectorAll('#chart-y input')[1].click()")
        self.until(lambda: len(self.bars()) == 6, "two series")
        self.assertEqual(self.texts("#chart .series li"), ["low", "high"])

    def test_of_extreme_numbers_are_drawn(self):
        """Between neighbouring numbers beyond 2^53 there is no step, and the sum of the largest is infinite."""
        for kind in ("line", "bar"):
            for low, high in (("100000000000000000", "100000000000000016"), ("-1.7e308", "1.7e308"), ("0", "5e-324"), ("7", "7"),
                              ("1000000000001", "9999999999999")):
                self.run_sql(f"SELECT {low} AS x, {low} AS y UNION ALL SELECT {high}, {high}", f"&chart={kind}&x=x&y=y")
                self.until(lambda: "rows" in self.text_of("sql-status") and self.texts("#chart svg"), "a chart")
                self.assertLess(len(self.texts("#chart text.tick")), 100)

    def test_have_at_most_sixty_bars(self):
        self.run_sql("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 70) SELECT 'g' || n AS label, n FROM c", "&chart=bar")
        self.until(lambda: len(self.bars()) == 60, "the bars")
        self.assertIn("the first 60 of 70 rows", self.text_of("chart"))

    def test_fit_a_narrow_screen(self):
        self.emulate(390)
        self.run_sql("SELECT label || ' of a long name that does not fit' AS label, sum(n) AS total FROM t GROUP BY 1")
        self.until(lambda: len(self.bars()) == 3, "the bars")
        self.assertLessEqual(self.js("return document.querySelector('#chart svg').getBoundingClientRect().right"), 390)
        self.assertLessEqual(self.js("return document.documentElement.scrollWidth"), 390)
