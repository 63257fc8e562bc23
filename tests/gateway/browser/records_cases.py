"""The view of records: list, pages, documents and keys."""

import urllib.parse

from selenium.webdriver.common.keys import Keys

from console_case import ConsoleTest, HOSTILE, OWN, commit, put, quoted, remove


class Records(ConsoleTest):
    def test_are_listed_in_order_of_their_names(self):
        for name in ("b", "a", "c/d"):
            put(OWN + name, {"n": name})
        self.open_records(OWN + "**")
        self.until_rows([OWN + "a", OWN + "b", OWN + "c/d"])
        self.until(lambda: self.text_of("records-count") == "3 records", "a count")

    def test_appear_change_and_vanish_while_shown(self):
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
        self.until(lambda: self.find("#records-problem").get_attribute("hidden"), "the problem to disappear")

    def test_with_markup_in_name_key_and_value_are_text(self):
        name = OWN + HOSTILE
        put(name, {"<b>key</b>": "<script>document.title='hacked'</script>", HOSTILE: [HOSTILE]})
        self.open_records(OWN + "**", "&name=" + quoted(name))
        self.until(lambda: "<script>" in self.text_of("document-text"), "the document")
        put(name, {"<b>key</b>": "<iframe srcdoc='<script>parent.hacked = 1</script>'></iframe>"})
        self.until(lambda: self.js("return document.querySelectorAll('#history li').length") == 2, "the change")
        self.assertEqual(self.rows(), [name])
        self.assertEqual(self.text_of("document-name"), name)
        self.assert_no_markup()
        self.click("document-edit")
        self.assertIn("<iframe", self.js("return document.getElementById('editor-text').value"))
        self.click("editor-cancel")
        self.click("document-delete")
        self.assertIn(HOSTILE, self.text_of("delete-text"))
        self.assert_no_markup()
        self.click("delete-cancel")


class Pages(ConsoleTest):
    """Lists of more records than a page: the browser has one page, and the gateway the rest."""

    def setUp(self):
        super().setUp()
        self.names = [f"{OWN}{i:03}" for i in range(130)]
        commit({name: {"n": 1} for name in self.names})

    def until_page(self, first, last, what):
        self.until(lambda: self.rows() == self.names[first:last], what)

    def test_move_forward_and_back(self):
        self.open_records(OWN + "**", "&limit=50")
        self.until_page(0, 50, "the first page")
        self.until(lambda: "more follow" in self.text_of("records-count"), "that there are more")
        self.click("page-next")
        self.until_page(50, 100, "the second page")
        self.until(lambda: "page 2" in self.text_of("records-count"), "its number")
        self.click("page-next")
        self.until_page(100, 130, "the last page")
        self.assertFalse(self.find("#page-next").is_enabled())
        self.click("page-previous")
        self.until_page(50, 100, "the second page again")
        self.click("page-first")
        self.until_page(0, 50, "the first page again")
        self.assertFalse(self.find("#page-previous").is_enabled())

    def test_are_kept_in_the_address(self):
        self.open_records(OWN + "**", "&limit=50&after=" + quoted(self.names[49]))
        self.until_page(50, 100, "the second page")
        self.click("page-next")
        self.until_page(100, 130, "the last page")
        self.browser.refresh()
        self.until_page(100, 130, "the last page after a reload")

    def test_never_have_more_rows_than_their_size(self):
        requests = "return performance.getEntriesByType('resource').map(it => it.name).filter(name => name.includes('/v1/records?'))"
        self.open_records(OWN + "**", "&limit=50")
        self.until_page(0, 50, "the first page")
        put(OWN + "000a", {"n": 2})
        self.until(lambda: self.rows() == [self.names[0], OWN + "000a"] + self.names[1:49], "the new record, and one less at the end")
        for url in self.js(requests):
            self.assertIn("limit=50", url)
        self.click("page-next")
        self.until(lambda: self.rows() == self.names[49:99], "the next page begins behind the last row")

    def test_change_while_they_are_shown(self):
        self.open_records(OWN + "**", "&limit=50")
        self.until_page(0, 50, "the first page")
        self.click("page-next")
        self.until_page(50, 100, "the second page")
        put(self.names[60], {"n": "changed"})
        put(self.names[10], {"n": "of another page"})
        self.until(lambda: "changed" in self.row_text(self.names[60]), "the change")
        self.assertEqual(self.rows(), self.names[50:100])

    def test_are_filled_from_several_pages_of_a_long_search(self):
        """The gateway ends a page early when its search has taken a second."""
        self.open("#overview")
        self.assertEqual(self.browser.execute_async_script("""
            const done = arguments[0];
            const record = (name) => ({ name, version: 1, revision: 5, updated: 0, document: 1 });
            const pages = { "": [[], "a/3"], "a/3": [[record("a/4")], "a/4"], "a/4": [[record("a/5"), record("a/6")], "a/6"] };
            const asked = [];
            window.fetch = async (path) => {
              const parameters = new URLSearchParams(path.split("?")[1]);
              if (!path.startsWith("/v1/records?")) return new Response("{}");
              const [records, after] = pages[parameters.get("after") ?? ""];
              asked.push(`${parameters.get("after") ?? ""} ${parameters.get("limit")} ${parameters.get("revision") ?? ""}`);
              return new Response(JSON.stringify({ revision: 5, records, next: `/v1/records?after=${encodeURIComponent(after)}` }));
            };
            import("/console/record_page.js").then(({ RecordPage }) => {
              const page = new RecordPage({ pattern: "a/*", after: "", limit: 3 }, () => {});
              const searched = [];
              page.addEventListener("search", (event) => searched.push(event.detail));
              page.addEventListener("list", () => {
                page.close();
                done([page.names, page.end, searched, asked]);
              });
            });"""), [["a/4", "a/5", "a/6"], "a/6", ["a/3", "a/4"], [" 3 ", "a/3 3 5", "a/4 2 5"]])

    def test_begin_again_with_another_pattern(self):
        self.open_records(OWN + "**", "&limit=50&after=" + quoted(self.names[99]))
        self.until_page(100, 130, "the last page")
        self.set_value("pattern", OWN + "00*")
        self.until_page(0, 10, "the first page of the pattern")


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
            # A client that keeps up gets each change. The wait makes sure that this one keeps up.
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
        self.press(Keys.TAB, Keys.TAB, Keys.TAB)  # past two buttons
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
        self.assertEqual(self.focused("it.id"), "tab-sql")
        self.assertTrue(self.find("#panel-sql").is_displayed())
        self.assertFalse(self.find("#panel-records").is_displayed())
        self.press(Keys.END)
        self.assertEqual(self.focused("it.id"), "tab-kafka")
        self.press(Keys.ARROW_RIGHT)
        self.assertEqual(self.focused("it.id"), "tab-records")
        self.assertEqual(self.js("return [...document.querySelectorAll('[role=tab]')].filter(tab => tab.tabIndex === 0).length"), 1)

    def test_shows_where_it_is(self):
        self.open("#records")
        self.until(lambda: self.find("#tab-records").get_attribute("aria-selected") == "true", "a tab")
        self.find("#tab-records").send_keys(Keys.ARROW_RIGHT)
        self.assertEqual(self.js("return getComputedStyle(document.activeElement).outlineStyle"), "solid")
