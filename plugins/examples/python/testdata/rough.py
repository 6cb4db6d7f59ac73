"""A plugin that does what the name of the pod says, for the tests."""

import sys
import time

from podstatus_plugin import Plugin, serve


class Rough(Plugin):
    name = "rough"
    config = {"rate": 0.5, "keys": ["a"]}

    def enrich(self, record, patch):
        what = record.pod.name
        if what == "config":
            patch.set("s", f"{self.cluster} {self.config}")
        elif what == "prints":
            print("enrich prints", flush=True)
        elif what == "fails":
            raise ValueError("two\nlines " + "x" * 1000)
        elif what == "types":
            for key, value in {"s": "x", "b": True, "i": 7, "f": 0.5}.items():
                patch.set(key, value)
            patch.set_trace("00-0af-b7a-01", "a=b")
            patch.suppress()
            patch.set("list", [])
        elif what == "surrogate":
            patch.set("s", "\udc80")
        elif what == "surrogate error":
            raise ValueError("\udc80")
        elif what == "exits":
            sys.exit("no token")
        elif what == "hangs":
            time.sleep(60)
        else:
            patch.set("s", what)

    def close(self):
        print("closed", flush=True)


if __name__ == "__main__":
    serve(Rough())
