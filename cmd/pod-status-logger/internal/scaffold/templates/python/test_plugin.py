"""Tests of the plugin's own answers. `pod-status-logger plugin verify` checks the rules for all."""

import unittest

from enrich_pb2 import Patch as Message
from enrich_pb2 import Pod, Record
from plugin import Team
from podstatus_plugin import Patch


def team_of(labels, **config):
    plugin = Team()
    plugin.config = {**Team.config, **config}
    plugin.configure()
    message = Message()
    plugin.enrich(Record(pod=Pod(name="web-0", labels=labels)), Patch(plugin.name, message))
    return {attribute.key: attribute.string_value for attribute in message.attributes}


class TeamTest(unittest.TestCase):
    def test_label(self):
        self.assertEqual(team_of({"team": "checkout"}), {"{{name}}.team": "checkout"})

    def test_another_label(self):
        self.assertEqual(team_of({"owner": "retail"}, label="owner"), {"{{name}}.team": "retail"})

    def test_no_label(self):
        self.assertEqual(team_of({}), {})

    def test_bad_configuration(self):
        with self.assertRaisesRegex(ValueError, "^label: is empty"):
            team_of({}, label="")


if __name__ == "__main__":
    unittest.main()
