"""Gateways that require credentials: tokens, and requests that are refused."""

import unittest
import urllib.parse

from selenium.webdriver.common.keys import Keys

from console_case import ConsoleTest, OWN, READER, TOKEN, put, quoted


@unittest.skipUnless(TOKEN, "RINGSIDE_GATEWAY_TOKEN is not given")
class Tokens(ConsoleTest):
    def test_are_asked_for_and_kept_by_the_tab(self):
        put(OWN + "a", {"n": 1})
        self.open("#records?pattern=" + urllib.parse.quote(OWN + "**"), token=None)
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


@unittest.skipUnless(READER, "RINGSIDE_GATEWAY_READER_TOKEN is not given")
class Readers(ConsoleTest):
    """A user who may read, and nothing else, sees the reason of each refusal."""

    def open_record(self):
        put(OWN + "a", {"n": 1})
        self.open(f"#records?pattern={quoted(OWN + '**')}&name={quoted(OWN + 'a')}", token=READER)
        self.until(lambda: '"n": 1' in self.text_of("document-text"), "the document")

    def until_refused(self, identifier):
        self.until(lambda: "(403 " in self.text_of(identifier), "the detail and code of the problem")

    def test_see_records_and_results(self):
        self.open_record()
        self.until_rows([OWN + "a"])
        self.open("#sql?sql=" + urllib.parse.quote(f"SELECT count(*) FROM records WHERE name = '{OWN}a'"), token=READER)
        self.until(lambda: "SELECT" in self.js("return document.getElementById('sql').value"), "the statement")
        self.js("document.getElementById('sql-form').requestSubmit()")
        self.until(lambda: self.texts("#sql-rows td") == ["1"], "the result")

    def test_are_refused_edits(self):
        self.open_record()
        self.click("document-edit")
        self.set_value("editor-text", '{"n": 2}')
        self.js("document.getElementById('editor').requestSubmit()")
        self.until_refused("editor-problem")
        self.assertEqual(self.js("return document.getElementById('editor-text').value"), '{"n": 2}', "the text is kept")

    def test_are_refused_deletions(self):
        self.open_record()
        self.click("document-delete")
        self.js("document.getElementById('delete-form').requestSubmit()")
        self.until_refused("delete-problem")

    def test_are_refused_events(self):
        self.open("#messages", token=READER)
        self.set_value("event-subject", OWN + "news")
        self.js("document.getElementById('event-form').requestSubmit()")
        self.until_refused("event-result")
