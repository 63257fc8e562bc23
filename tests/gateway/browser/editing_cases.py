"""Records that are edited, created and deleted in the console, with conflicts and refusals."""

import json
import urllib.request

from selenium.webdriver.common.keys import Keys

from console_case import ConsoleTest, OWN, TOKEN, URL, DEADLINE_S, put, quoted, remove

NAME = OWN + "a"


def read(name):
    """The document of a record, and the fields of the response's header."""
    asked = urllib.request.Request(f"{URL}/v1/records?name={quoted(name)}")
    if TOKEN:
        asked.add_header("Authorization", "Bearer " + TOKEN)
    with urllib.request.urlopen(asked, timeout=DEADLINE_S) as response:
        return response.read().decode(), response.headers


class EditingTest(ConsoleTest):
    def open_record(self, document):
        put(NAME, document)
        self.open_records(OWN + "**", "&name=" + quoted(NAME))
        self.until(lambda: self.text_of("document-text"), "the document")

    def begin_edit(self):
        self.click("document-edit")
        self.until(lambda: self.find("#editor").is_displayed(), "the form")

    def text(self):
        return self.js("return document.getElementById('editor-text').value")

    def save(self):
        self.js("document.getElementById('editor').requestSubmit()")

    def until_saved(self):
        self.until(lambda: self.is_hidden("editor"), "the form is closed")


class Edits(EditingTest):
    def test_change_the_document(self):
        self.open_record({"n": 1, "list": [1, {"deep": None}]})
        self.begin_edit()
        self.assertEqual(json.loads(self.text()), {"n": 1, "list": [1, {"deep": None}]})
        self.set_value("editor-text", '{"n": 2}')
        self.save()
        self.until_saved()
        self.assertEqual(read(NAME)[0], '{"n":2}')
        self.until(lambda: "version 2" in self.text_of("document-facts"), "the new version")

    def test_keep_numbers_exactly(self):
        self.open_record({"big": 9007199254740993, "real": 1.0})
        self.begin_edit()
        self.set_value("editor-text", self.text().replace('"big"', '"large"'))
        self.save()
        self.until_saved()
        self.assertEqual(read(NAME)[0], '{"large":9007199254740993,"real":1.0}')

    def test_keep_the_time_to_live_unless_another_is_given(self):
        target = f"{URL}/v1/records?name={quoted(NAME)}&ttl_ms=86400000"
        asked = urllib.request.Request(target, data=b'{"n": 1}', method="PUT")
        if TOKEN:
            asked.add_header("Authorization", "Bearer " + TOKEN)
        urllib.request.urlopen(asked, timeout=DEADLINE_S).close()
        expires = read(NAME)[1]["Ringside-Expires"]
        self.open_records(OWN + "**", "&name=" + quoted(NAME))
        self.until(lambda: '"n": 1' in self.text_of("document-text"), "the document")
        self.begin_edit()
        self.set_value("editor-text", '{"n": 2}')
        self.save()
        self.until_saved()
        self.assertEqual(read(NAME)[1]["Ringside-Expires"], expires)
        self.begin_edit()
        self.set_value("editor-ttl", "172800000")
        self.save()
        self.until_saved()
        self.assertGreater(int(read(NAME)[1]["Ringside-Expires"]), int(expires))

    def test_that_are_not_json_stay_in_the_form(self):
        self.open_record({"n": 1})
        self.begin_edit()
        self.set_value("editor-text", '{"n": ')
        self.save()
        self.until(lambda: "not JSON" in self.text_of("editor-problem"), "the problem")
        self.assertEqual(read(NAME)[0], '{"n":1}')

    def test_that_the_grid_refuses_show_its_reason(self):
        self.open_record({"n": 1})
        self.begin_edit()
        self.set_value("editor-text", "[" * 70 + "]" * 70)
        self.save()
        self.until(lambda: "(400 " in self.text_of("editor-problem"), "the detail and code of the problem")
        self.assertEqual(read(NAME)[0], '{"n":1}')

    def test_of_documents_beyond_the_limit_are_not_possible(self):
        self.open_record({"text": "x" * (1 << 20)})
        self.begin_edit()
        self.assertIn("too large", self.text_of("editor-problem"))
        self.assertTrue(self.js("return document.getElementById('editor-text').readOnly"))
        self.save()
        self.assertFalse(self.is_hidden("editor"))

    def test_survive_a_change_of_the_view(self):
        self.open_record({"n": 1})
        self.begin_edit()
        self.set_value("editor-text", '{"mine": true}')
        self.click("tab-sql")
        self.click("tab-records")
        self.assertEqual(self.text(), '{"mine": true}')
        self.save()
        self.until_saved()
        self.assertEqual(read(NAME)[0], '{"mine":true}')

    def test_are_not_lost_by_opening_another_record(self):
        put(OWN + "b", {"n": 2})
        self.open_record({"n": 1})
        self.begin_edit()
        self.set_value("editor-text", '{"mine": true}')
        self.js("document.querySelector(`#records-rows tr[data-name='${arguments[0]}']`).click()", OWN + "b")
        self.until(lambda: "Save or cancel" in self.text_of("editor-problem"), "the reminder")
        self.assertEqual(self.text(), '{"mine": true}')

    def test_are_made_with_the_keyboard(self):
        self.open_record({"n": 1})
        self.begin_edit()
        self.assertTrue(self.focused("it.id === 'editor-text'"))
        self.press_with_control("a")
        self.press("7")
        self.press_with_control(Keys.ENTER)
        self.until_saved()
        self.assertEqual(read(NAME)[0], "7")
        self.assertTrue(self.focused("it.id === 'document-edit'"))

    def test_of_records_of_the_grid_are_not_offered(self):
        self.open("#records?pattern=$sys/session/*")
        self.until(lambda: self.rows(), "the sessions")
        self.js("document.querySelector('#records-rows tr').click()")
        self.until(lambda: "version" in self.text_of("document-facts"), "the record")
        self.assertTrue(self.is_hidden("document-edit"))
        self.assertTrue(self.is_hidden("document-delete"))


class Conflicts(EditingTest):
    """Another client changes the record while it is edited."""

    def begin_conflict(self, change):
        self.open_record({"n": 1})
        self.begin_edit()
        self.set_value("editor-text", '{"mine": true}')
        change()
        self.until(lambda: not self.is_hidden("editor-conflict"), "the conflict")

    def test_are_shown_with_the_differences(self):
        self.begin_conflict(lambda: put(NAME, {"n": 1, "theirs": "<b>x</b>"}))
        self.assertIn("version 2", self.text_of("editor-conflict-text"))
        self.assertIn("/theirs", self.text_of("editor-differences"))
        self.assert_no_markup()

    def test_overwrite_nothing(self):
        self.begin_conflict(lambda: put(NAME, {"theirs": True}))
        self.save()
        self.until(lambda: "(412 " in self.text_of("editor-problem"), "the refusal")
        self.assertEqual(read(NAME)[0], '{"theirs":true}')
        self.assertEqual(self.text(), '{"mine": true}')

    def test_end_with_the_users_text_if_the_user_keeps_it(self):
        self.begin_conflict(lambda: put(NAME, {"theirs": True}))
        self.click("editor-keep")
        self.save()
        self.until_saved()
        self.assertEqual(read(NAME)[0], '{"mine":true}')

    def test_end_with_the_other_text_if_the_user_discards_theirs(self):
        self.begin_conflict(lambda: put(NAME, {"theirs": True}))
        self.click("editor-discard")
        self.assertEqual(json.loads(self.text()), {"theirs": True})
        self.assertTrue(self.is_hidden("editor-conflict"))

    def test_with_a_removal_create_the_record_again(self):
        self.begin_conflict(lambda: remove(NAME))
        self.assertIn("removed", self.text_of("editor-conflict-text"))
        self.click("editor-keep")
        self.save()
        self.until_saved()
        self.assertEqual(read(NAME)[0], '{"mine":true}')

    def test_are_noticed_for_a_record_that_was_recreated(self):
        """The new record has version 1, too."""
        self.begin_conflict(lambda: (remove(NAME), put(NAME, {"new": True})))
        self.save()
        self.until(lambda: "(412 " in self.text_of("editor-problem"), "the refusal")
        self.assertEqual(read(NAME)[0], '{"new":true}')


class NewRecords(EditingTest):
    def create(self, name, text):
        self.open_records(OWN + "**")
        self.click("record-new")
        self.until(lambda: self.focused("it.id === 'editor-name'"), "the field of the name")
        self.set_value("editor-name", name)
        self.set_value("editor-text", text)
        self.save()

    def test_are_created_and_shown(self):
        self.create(NAME, '{"n": 1}')
        self.until(lambda: self.text_of("document-name") == NAME and "version 1" in self.text_of("document-facts"), "the record")
        self.until_rows([NAME])
        self.assertEqual(read(NAME)[0], '{"n":1}')

    def test_never_replace_a_record(self):
        put(NAME, {"n": "kept"})
        self.create(NAME, '{"n": 1}')
        self.until(lambda: "exists already" in self.text_of("editor-problem"), "the refusal")
        self.assertEqual(read(NAME)[0], '{"n":"kept"}')

    def test_that_are_refused_show_the_reason_of_the_gateway(self):
        self.create("$sys/console-test", "1")
        self.until(lambda: "(4" in self.text_of("editor-problem"), "the detail and code of the problem")
        self.assertFalse(self.is_hidden("editor"))


class Deletions(EditingTest):
    def begin(self):
        self.open_record({"n": 1})
        self.click("document-delete")
        self.until(lambda: self.find("#delete-dialog").is_displayed(), "the question")
        self.assertTrue(self.focused("it.id === 'delete-cancel'"))

    def confirm(self):
        self.js("document.getElementById('delete-form').requestSubmit()")

    def test_are_confirmed_first(self):
        self.begin()
        self.assertIn(NAME, self.text_of("delete-text"))
        self.click("delete-cancel")
        self.assertEqual(read(NAME)[0], '{"n":1}')
        self.click("document-delete")
        self.confirm()
        self.until(lambda: "removed" in self.text_of("document-facts"), "that it is gone")
        self.until_rows([])

    def test_of_a_record_that_has_changed_do_nothing(self):
        self.begin()
        put(NAME, {"n": 2})
        self.until(lambda: "version 2" in self.text_of("document-facts"), "the change")
        self.confirm()
        self.until(lambda: "has changed" in self.text_of("delete-problem"), "the conflict")
        self.assertEqual(read(NAME)[0], '{"n":2}')
        self.click("delete-cancel")
