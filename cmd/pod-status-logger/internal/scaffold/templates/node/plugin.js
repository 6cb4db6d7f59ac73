#!/usr/bin/node
"use strict";

// {{name}}, a plugin of pod-status-logger.

const { ConfigError, Plugin, log, serve } = require("./podstatus_plugin.js");

// Adds {{name}}.team to each record: the value of a label of the pod.
class Team extends Plugin {
  name = "{{name}}";
  version = "0.1.0";
  config = { label: "team" }; // the keys that a user may set, with their defaults

  // Rejects invalid values. An error should name the key and the remedy.
  configure() {
    if (this.config.label === "") {
      throw new ConfigError("label: is empty; name the key of a label, such as team");
    }
    log.info("configured", { label: this.config.label });
  }

  // With podOnly, the host sends the pod only, and may use one patch for many records. Remove it
  // if enrich uses other fields of the record, or if its answers change over time.
  needs() {
    return { labels: [this.config.label], podOnly: true };
  }

  // Adds to one record. A pod without a team is no error.
  enrich(record, patch) {
    const team = record.pod.labels[this.config.label];
    if (team) {
      patch.set("team", team);
    }
  }
}

if (require.main === module) {
  serve(new Team());
}

module.exports = { Team };
