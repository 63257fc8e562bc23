"""The view of maps."""

from selenium.webdriver.common.keys import Keys

from console_case import ConsoleTest, EVENT, HOSTILE, OWN, commit, put, quoted, remove, seat


class Map(ConsoleTest):
    def open_map(self, pattern, label="", status=""):
        self.open(f"#map?pattern={quoted(pattern)}&label={quoted(label)}&status={quoted(status)}")

    def labels(self):
        return self.texts("#map-groups .cell")

    def groups(self):
        return self.js("return [...document.querySelectorAll('#map-groups section')].map(it => it.dataset.group)")

    def test_has_cells_in_natural_order_coloured_by_status(self):
        commit({seat(n): {"status": "free", "price": 4200} for n in (1, 2, 10, 9)})
        self.open_map(f"event/{EVENT}/seat/*", "", "status")
        self.until(lambda: self.labels() == ["A1", "A2", "A9", "A10"], "the cells as people count")
        self.until(lambda: self.legend() == {"free": 4}, "the counts")
        colour = "return getComputedStyle(document.querySelector(`[data-name='${arguments[0]}']`)).backgroundColor"
        before = self.js(colour, seat(2))
        put(seat(2), {"status": "sold", "price": 4200})
        put(seat(9), {"status": "held", "price": 4200})
        self.until(lambda: self.status_of(seat(2)) == "sold" and self.status_of(seat(9)) == "held", "the changes")
        self.assertNotEqual(self.js(colour, seat(2)), before)
        self.until(lambda: self.legend() == {"free": 2, "held": 1, "sold": 1}, "the counts")
        remove(seat(10))
        self.until(lambda: self.labels() == ["A1", "A2", "A9"], "the cell that is gone")

    def test_takes_label_and_status_from_members_pointers_and_levels(self):
        put(OWN + "x/1", {"title": "row 10", "sale": {"state": "open"}})
        put(OWN + "x/2", {"title": "row 9", "sale": {"state": "shut"}})
        self.open_map(OWN + "*/*", "title", "/sale/state")
        self.until(lambda: self.labels() == ["row 9", "row 10"], "labels of a member")
        self.assertEqual(self.status_of(OWN + "x/2"), "shut")
        self.open_map(OWN + "*/*", "2", "1")
        self.until(lambda: self.labels() == ["1", "2"], "labels of a level")
        self.assertEqual(self.status_of(OWN + "x/2"), "x")

    def test_is_configured_by_its_form_and_kept_in_the_address(self):
        put(OWN + "a", {"state": "ok"})
        self.open("#map")
        self.set_value("map-pattern", OWN + "*")
        self.set_value("map-status", "state")
        self.js("document.getElementById('map-form').requestSubmit()")
        self.until(lambda: self.status_of(OWN + "a") == "ok", "the cell")
        self.browser.refresh()
        self.until(lambda: self.status_of(OWN + "a") == "ok", "the cell after a reload")
        self.assertEqual(self.js("return document.getElementById('map-status').value"), "state")

    def test_has_groups_of_open_levels_or_of_letters(self):
        put(f"event/{EVENT}/B/seat/001", {"status": "sold"})
        put(f"event/{EVENT}/A/seat/001", {"status": "sold"})
        self.open_map(f"event/{EVENT}/*/seat/*")
        self.until(lambda: self.groups() == ["A", "B"], "a group for each section")
        put(f"event/{EVENT}/seat/C7", {"status": "free"})
        put(f"event/{EVENT}/seat/D7", {"status": "free"})
        self.open_map(f"event/{EVENT}/seat/*")
        self.until(lambda: self.groups() == ["C", "D"], "a group for each row")

    def test_says_that_nothing_matches(self):
        self.open_map(OWN + "nothing/*")
        self.until(lambda: not self.is_hidden("map-empty"), "that it is empty")

    def test_of_more_records_than_its_limit_says_so(self):
        commit({f"{OWN}{i}": {} for i in range(5)})
        self.open("#overview")
        problem, count = self.browser.execute_async_script("""
            const [pattern, done] = arguments;
            import("/console/watched_records.js").then(({ WatchedRecords }) => {
              const watched = new WatchedRecords(pattern, { limit: 3, changed: () => {},
                fail: (problem) => { if (problem) done([problem.message, watched.records.size]); } });
            });""", OWN + "*")
        self.assertIn("More than 3 records match", problem)
        self.assertEqual(count, 3)

    def test_with_markup_is_text(self):
        put(OWN + HOSTILE, {"label": HOSTILE, "status": "<script>document.title='hacked'</script>"})
        self.open_map(OWN + "*", "label")
        self.until(lambda: self.labels() == [HOSTILE], "the cell")
        self.until(lambda: "<script>" in self.text_of("legend"), "the status")
        self.assert_no_markup()

    def test_is_walked_through_with_the_keyboard(self):
        commit({seat(n): {"status": "free"} for n in range(1, 6)})
        self.open_map(f"event/{EVENT}/seat/*")
        self.until(lambda: self.status_of(seat(5)) == "free", "the cells")
        self.js("document.querySelector('#map-groups .cell[tabindex=\"0\"]').focus()")
        self.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        self.assertEqual(self.focused("it.dataset.name"), seat(3))
        self.press(Keys.ENTER)
        self.until(lambda: self.find("#panel-records").is_displayed(), "the view of records")
        self.until(lambda: "free" in self.text_of("document-text"), "the record")
