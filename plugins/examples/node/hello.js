#!/usr/bin/node
"use strict";

// A plugin in Node.js that greets the pod of every record.

const { ConfigError, Plugin, log, serve } = require("./podstatus_plugin.js");

class Hello extends Plugin {
  name = "jshello";
  version = "1.0.0";
  config = { greeting: "hello" };

  configure() {
    if (this.config.greeting === "") {
      throw new ConfigError('greeting: is empty; want a word such as "hello"');
    }
    log.info(`greeting with ${this.config.greeting}`);
  }

  needs() {
    return { podOnly: true, noLabels: true };
  }

  enrich(record, patch) {
    patch.set("greeting", `${this.config.greeting} ${record.pod.name}`);
  }
}

serve(new Hello());
