#!/usr/bin/python3
"""{{name}}, a plugin of pod-status-logger."""

import logging

from enrich_pb2 import Needs
from podstatus_plugin import Plugin, serve


class Team(Plugin):
    """Adds {{name}}.team to each record: the value of a label of the pod."""

    name = "{{name}}"
    version = "0.1.0"
    config = {"label": "team"}  # the keys that a user may set, with their defaults

    def configure(self):
        """Rejects invalid values. An error should name the key and the remedy."""
        if not self.config["label"]:
            raise ValueError("label: is empty; name the key of a label, such as team")
        logging.info("the label is %s", self.config["label"])

    def needs(self):
        """With pod_only, the host sends the pod only, and may use one patch for many records.
        Remove it if enrich uses other fields of the record, or if its answers change over time."""
        return Needs(labels=[self.config["label"]], pod_only=True)

    def enrich(self, record, patch):
        """Adds to one record. A pod without a team is no error."""
        team = record.pod.labels.get(self.config["label"])
        if team:
            patch.set("team", team)


if __name__ == "__main__":
    serve(Team())
