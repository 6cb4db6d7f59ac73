#!/usr/bin/python3
"""A plugin in Python that greets the pod of every record."""

import logging

from enrich_pb2 import Needs
from podstatus_plugin import Plugin, serve


class Hello(Plugin):
    name = "pyhello"
    version = "1.0.0"
    config = {"greeting": "hello"}

    def configure(self):
        if not self.config["greeting"]:
            raise ValueError('greeting: is empty; want a word such as "hello"')
        logging.info("greeting with %s", self.config["greeting"])

    def needs(self):
        return Needs(pod_only=True)

    def enrich(self, record, patch):
        patch.set("greeting", f"{self.config['greeting']} {record.pod.name}")


if __name__ == "__main__":
    serve(Hello())
