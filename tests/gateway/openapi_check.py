#!/usr/bin/python3
"""Compares the responses of the gateway at RINGSIDE_GATEWAY_URL with its OpenAPI document: requests
each operation of the document, with and without success, and checks the statuses, headers and
bodies. Needs Debian's python3-jsonschema.
"""

import json
import os
import unittest
import urllib.error
import urllib.request
import warnings

warnings.simplefilter("ignore", DeprecationWarning)
from jsonschema import Draft202012Validator, RefResolver  # noqa: E402

URL = os.environ["RINGSIDE_GATEWAY_URL"].rstrip("/")
MERGE = {"Content-Type": "application/merge-patch+json"}
JSON_PATCH = {"Content-Type": "application/json-patch+json"}
RECORD = "/v1/records/{name}"

# Method, path in the document, requested path, headers, body, status.
EXCHANGES = [
    ("PUT", RECORD, "/v1/records/openapi%2F1", {}, '{"a":[1,2],"b":null}', 201),
    ("PUT", RECORD, "/v1/records/openapi%2F1", {}, '{"a":[1,2],"b":"x"}', 200),
    ("PUT", RECORD, "/v1/records/openapi%2F1?pointer=/b", {}, "7", 200),
    ("PUT", RECORD, "/v1/records/openapi%2F1", {"If-Match": '"99"'}, "1", 412),
    ("PUT", RECORD, "/v1/records/openapi%2F1", {"If-None-Match": "*"}, "1", 412),
    ("PUT", RECORD, "/v1/records/openapi%2F1", {}, "{", 400),
    ("PUT", RECORD, "/v1/records/$sys%2Fx", {}, "1", 403),
    ("PUT", RECORD, "/v1/records/openapi%2F2?ttl_ms=3600000", {}, '"short"', 201),
    ("GET", RECORD, "/v1/records/openapi%2F1", {}, None, 200),
    ("GET", RECORD, "/v1/records/openapi%2F2", {}, None, 200),
    ("GET", RECORD, "/v1/records/openapi%2F1?pointer=/a/0", {}, None, 200),
    ("GET", RECORD, "/v1/records/openapi%2F1?pointer=/nowhere", {}, None, 404),
    ("GET", RECORD, "/v1/records/openapi%2Fnone", {}, None, 404),
    ("GET", RECORD, "/v1/records/openapi%2F1", {"If-None-Match": "*"}, None, 304),
    ("GET", RECORD, "/v1/records/openapi%2F1",
     {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, None, 304),
    ("GET", RECORD, "/v1/records/openapi%2F1",
     {"If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"}, None, 412),
    ("PUT", RECORD, "/v1/records/openapi%2F1?if_version=99", {}, "1", 412),
    ("PUT", RECORD, "/v1/records/openapi%2F1?if_revision=1", {}, "1", 412),
    ("PUT", RECORD, "/v1/records/openapi%2F1?if_absent=true", {}, "1", 412),
    ("PUT", RECORD, "/v1/records/openapi%2F1", {"Content-Encoding": "gzip"}, "1", 415),
    ("GET", RECORD, "/v1/records/openapi%2F1?unknown=1", {}, None, 400),
    ("HEAD", RECORD, "/v1/records/openapi%2F1", {}, None, 200),
    ("PATCH", RECORD, "/v1/records/openapi%2F1", MERGE, '{"c":true}', 200),
    ("PATCH", RECORD, "/v1/records/openapi%2F3", MERGE, '{"c":true}', 201),
    ("PATCH", RECORD, "/v1/records/openapi%2F1", JSON_PATCH, '[{"op":"remove","path":"/c"}]', 200),
    ("PATCH", RECORD, "/v1/records/openapi%2F1", JSON_PATCH,
     '[{"op":"test","path":"/b","value":8}]', 409),
    ("PATCH", RECORD, "/v1/records/openapi%2F1", {"Content-Type": "text/plain"}, "1", 415),
    ("PUT", "/v1/records", "/v1/records?name=openapi/dots/..", {}, '{"a":1}', 201),
    ("GET", "/v1/records", "/v1/records?name=openapi/dots/..", {}, None, 200),
    ("GET", "/v1/records", "/v1/records?name=openapi/none", {}, None, 404),
    ("HEAD", "/v1/records", "/v1/records?name=openapi/dots/..", {}, None, 200),
    ("PATCH", "/v1/records", "/v1/records?name=openapi/dots/..", MERGE, '{"a":2}', 200),
    ("DELETE", "/v1/records", "/v1/records?name=openapi/dots/..", {}, None, 200),
    ("GET", "/v1/records", "/v1/records?pattern=openapi/*&limit=1", {}, None, 200),
    ("GET", "/v1/records", "/v1/records?pattern=openapi/*&documents=false", {}, None, 200),
    ("GET", "/v1/records", "/v1/records?pattern=a//b", {}, None, 400),
    ("GET", "/v1/records", "/v1/records?limit=0", {}, None, 400),
    ("GET", "/v1/records", "/v1/records?revision=99999999999", {}, None, 400),
    ("POST", "/v1/transactions", "/v1/transactions", {}, json.dumps({"writes": [
        {"op": "put", "name": "openapi/4", "document": {"n": 1}, "if_absent": True},
        {"op": "publish", "subject": "openapi/told", "document": 1}]}), 200),
    ("POST", "/v1/transactions", "/v1/transactions", {}, json.dumps({"writes": [
        {"op": "put", "name": "openapi/4", "document": 2, "if_absent": True}]}), 412),
    ("POST", "/v1/transactions", "/v1/transactions", {}, '{"writes":[]}', 400),
    ("POST", "/v1/query", "/v1/query", {}, '{"sql":"SELECT name, version FROM records"}', 200),
    ("POST", "/v1/query", "/v1/query", {"Accept": "text/csv"},
     '{"sql":"SELECT name FROM records"}', 200),
    ("POST", "/v1/query", "/v1/query", {"Accept": "application/x-ndjson"},
     '{"sql":"SELECT name FROM records"}', 200),
    ("POST", "/v1/query", "/v1/query", {}, '{"sql":"SELEKT"}', 400),
    ("GET", "/v1/query", "/v1/query?sql=SELECT%201%20AS%20n", {}, None, 200),
    ("GET", "/v1/query", "/v1/query?sql=SELECT%201%20AS%20n&format=csv&limit=1", {}, None, 200),
    ("GET", "/v1/query", "/v1/query?sql=SELECT%201%20AS%20n&format=jsonl", {}, None, 200),
    ("GET", "/v1/query", "/v1/query?sql=SELECT%201%20AS%20n&format=xml", {}, None, 400),
    ("GET", "/v1/query", "/v1/query?sql=SELECT%201%20AS%20n&limit=0", {}, None, 413),
    ("POST", "/v1/events/{subject}", "/v1/events/openapi%2Ftold", {}, "[1]", 200),
    ("POST", "/v1/events/{subject}", "/v1/events/a%2F%2Fb", {}, "[1]", 400),
    ("POST", "/v1/rpc/{name}", "/v1/rpc/openapi%2Fnobody", {}, "[1]", 503),
    ("POST", "/v1/rpc/{name}", "/v1/rpc/x", {"Ringside-Timeout": "0"}, "[1]", 400),
    ("POST", "/v1/events", "/v1/events?subject=openapi/told", {}, "[1]", 200),
    ("POST", "/v1/rpc", "/v1/rpc?name=openapi/nobody", {}, "[1]", 503),
    ("POST", "/v1/transactions", "/v1/transactions", {}, '{"writes":[],"durabel":true}', 400),
    ("GET", "/v1/watch", "/v1/watch?pattern=openapi/*&initial=true", {}, None, 200),
    ("GET", "/v1/watch", "/v1/watch?changes=false", {}, None, 400),
    ("GET", "/v1/stats", "/v1/stats", {}, None, 200),
    ("GET", "/metrics", "/metrics", {}, None, 200),
    ("GET", "/healthz", "/healthz", {}, None, 200),
    ("GET", "/readyz", "/readyz", {}, None, 200),
    ("GET", "/openapi.json", "/openapi.json", {}, None, 200),
    ("GET", "/", "/", {}, None, 200),
    ("DELETE", RECORD, "/v1/records/openapi%2F1?pointer=/b", {}, None, 200),
    ("DELETE", RECORD, "/v1/records/openapi%2F1?pointer=/b", {}, None, 409),
    ("DELETE", RECORD, "/v1/records/openapi%2F1", {}, None, 200),
    ("DELETE", RECORD, "/v1/records/openapi%2F1", {}, None, 404),
]
# Its messages are not HTTP; see the tests of the WebSocket.
NOT_ASKED = {("get", "/v1/ws")}


def ask(method, path, headers, body):
    """Status, headers and body; of a stream its beginning."""
    request = urllib.request.Request(URL + path, method=method, headers=headers,
                                     data=None if body is None else body.encode())
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        is_stream = answer.headers.get_content_type() == "text/event-stream"
        return answer.status, answer.headers, answer.read1(65536) if is_stream else answer.read()


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = json.loads(ask("GET", "/openapi.json", {}, None)[2])
        cls.resolver = RefResolver("", cls.document)

    def resolved(self, item):
        while "$ref" in item:
            item = self.resolver.resolve(item["$ref"])[1]
        return item

    def check(self, method, path, status, headers, body):
        operation = self.document["paths"][path][method.lower()]
        responses = operation["responses"]
        self.assertTrue(str(status) in responses or "default" in responses,
                        f"the document does not know of status {status}")
        response = self.resolved(responses.get(str(status), responses.get("default")))
        for name, header in response.get("headers", {}).items():
            if self.resolved(header).get("required"):
                self.assertIn(name, headers)
        if method == "HEAD" or not body:
            return
        content = response.get("content", {})
        kind = headers.get_content_type()
        self.assertIn(kind, [key.split(";")[0] for key in content], "content type")
        media = next(content[key] for key in content if key.split(";")[0] == kind)
        if kind == "application/json" or kind.endswith("+json"):
            schema = media.get("schema", {})
            errors = list(Draft202012Validator(schema, resolver=self.resolver)
                          .iter_errors(json.loads(body)))
            self.assertEqual(errors, [], body[:500])

    def test_is_what_the_gateway_does(self):
        for method, path, actual, headers, body, expected in EXCHANGES:
            with self.subTest(method=method, path=actual, body=body):
                status, got, text = ask(method, actual, headers, body)
                self.assertEqual(status, expected, text[:500])
                self.check(method, path, status, got, text)

    def test_has_nothing_that_is_not_asked_for_here(self):
        asked = {(method.lower(), path) for method, path, *_ in EXCHANGES} | NOT_ASKED
        known = {(method, path) for path, item in self.document["paths"].items()
                 for method in item if method != "parameters"}
        self.assertEqual(known - asked, set())


if __name__ == "__main__":
    unittest.main()
