"use strict";

// Tests of the plugin's own answers. `pod-status-logger plugin verify` checks the rules for all.

const assert = require("node:assert");
const test = require("node:test");

const { Team } = require("./plugin.js");
const { Patch } = require("./podstatus_plugin.js");

function teamOf(labels, config = {}) {
  const plugin = new Team();
  plugin.config = { ...plugin.config, ...config };
  plugin.configure();
  const message = { attributes: [] };
  plugin.enrich({ pod: { name: "web-0", labels } }, new Patch(plugin.name, message));
  return message.attributes;
}

test("the label", () => {
  assert.deepStrictEqual(teamOf({ team: "checkout" }), [{ key: "{{name}}.team", stringValue: "checkout" }]);
});

test("another label", () => {
  const got = teamOf({ owner: "retail" }, { label: "owner" });
  assert.deepStrictEqual(got, [{ key: "{{name}}.team", stringValue: "retail" }]);
});

test("no label", () => {
  assert.deepStrictEqual(teamOf({}), []);
});

test("a bad configuration", () => {
  assert.throws(() => teamOf({}, { label: "" }), /label: is empty/);
});
