"use strict";

// A plugin that does what the name of the pod says, for the tests.

const { Plugin, serve } = require("../podstatus_plugin.js");

class Rough extends Plugin {
  name = "rough";
  config = { rate: 0.5, keys: ["a"] };

  async enrich(record, patch) {
    switch (record.pod.name) {
      case "config":
        return patch.set("s", `${this.cluster} ${JSON.stringify(this.config)}`);
      case "prints":
        return console.log("enrich prints");
      case "fails":
        throw new Error("two\nlines " + "x".repeat(1000));
      case "types":
        for (const [key, value] of Object.entries({ s: "x", b: true, i: 7, f: 0.5, n: 9007199254740993n })) {
          patch.set(key, value);
        }
        patch.setTrace("00-0af-b7a-01", "a=b");
        patch.suppress();
        return patch.set("list", []);
      case "surrogate":
        return patch.set("s", "\udc80");
      case "hangs":
        return new Promise(() => {});
      case "record":
        return patch.set("s", `${record.action} ${record.state} ${record.timeUnixNano} ${record.container}`);
      default:
        return patch.set("s", record.pod.name);
    }
  }

  close() {
    console.log("closed");
  }
}

serve(new Rough());
