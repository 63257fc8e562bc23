#!/usr/bin/python3
"""The console in a real browser, against a running gateway.

  RINGSIDE_GATEWAY_URL    its address: http://127.0.0.1:8080
  RINGSIDE_GATEWAY_STOP   a shell command that stops the gateway (or the broker), and
  RINGSIDE_GATEWAY_START  one that starts it again at the same address; without these two, the
                          tests of a grid that is gone are skipped
  RINGSIDE_GATEWAY_TOKEN  a token that permits everything, if the gateway requires one, and
  RINGSIDE_GATEWAY_READER_TOKEN  one that permits reading; without them, tests of access are skipped
  RINGSIDE_GATEWAY_GRID   name of the grid, and
  RINGSIDE_CLI            path of the command line; without these two, the tests of indexes are skipped
  RINGSIDE_SCREENSHOTS    a directory that receives a picture of each view; none: no pictures

Needs Debian's chromium, chromium-driver and python3-selenium. Writes records below
`console-test/`, `event/console-test…/` and `kafka/console-test…/`, and removes them. Arguments are
those of unittest: console_test.py sql_cases.Sql
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
MODULES = ["records_cases", "editing_cases", "sql_cases", "views_cases", "map_cases", "appearance_cases", "outage_cases",
           "access_cases"]

if __name__ == "__main__":
    if not os.environ.get("RINGSIDE_GATEWAY_URL"):
        sys.exit("RINGSIDE_GATEWAY_URL is not set")
    unittest.main(module=None, argv=[sys.argv[0], *(sys.argv[1:] or MODULES)], verbosity=2)
