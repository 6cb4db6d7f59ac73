"use strict";

// Tests of the plugin as a host sees it: a process and a socket.

const assert = require("node:assert");
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const test = require("node:test");

const grpc = require("@grpc/grpc-js");
const protoLoader = require("@grpc/proto-loader");

const definition = grpc.loadPackageDefinition(
  protoLoader.loadSync(path.join(__dirname, "enrich.proto"), { longs: String, oneofs: true }),
);
const HELLO = [path.join(__dirname, "hello.js")];
const ROUGH = [process.execPath, path.join(__dirname, "testdata", "rough.js")];

// start starts a plugin in an environment as empty as the host's, and reads its handshake.
async function start(t, [command, ...args], env = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "js"));
  const child = spawn(command, args, {
    env: { POD_STATUS_LOGGER_PLUGIN: "podstatus.enrich", PLUGIN_UNIX_SOCKET_DIR: folder, ...env },
  });
  const plugin = { child, folder, logged: "", exited: new Promise((over) => child.on("exit", (code) => over(code))) };
  child.stderr.on("data", (data) => (plugin.logged += data));
  t.after(async () => {
    plugin.client?.close();
    child.kill("SIGKILL");
    await plugin.exited;
    fs.rmSync(folder, { recursive: true });
  });
  plugin.handshake = await new Promise((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(String(data)));
    child.on("exit", () => reject(new Error(`no handshake: ${plugin.logged}`)));
  });
  plugin.socket = plugin.handshake.split("|")[3];
  plugin.client = new definition.podstatus.enrich.v1.EnricherService(
    `unix:${plugin.socket}`,
    grpc.credentials.createInsecure(),
  );
  plugin.call = (method, request = {}, seconds = 30) =>
    new Promise((resolve, reject) =>
      plugin.client[method](request, { deadline: Date.now() + seconds * 1000 }, (error, answer) =>
        error ? reject(error) : resolve(answer),
      ),
    );
  const same = (bytes) => bytes;
  plugin.callBytes = (method, request = []) =>
    new Promise((resolve, reject) =>
      plugin.client.makeUnaryRequest(method, same, same, Buffer.from(request), (error, answer) =>
        error ? reject(error) : resolve([...answer]),
      ),
    );
  return plugin;
}

const configuration = (values) => ({ configJson: JSON.stringify(values) });
const batch = (...names) => ({ records: names.map((name) => ({ pod: { name, namespace: "shop" } })) });
const values = (patch) => Object.fromEntries(patch.attributes.map((a) => [a.key, a[a.value]]));

test("handshake", async (t) => {
  const plugin = await start(t, HELLO);
  assert.match(plugin.handshake, new RegExp(`^1\\|1\\|unix\\|${plugin.folder}/plugin[0-9a-f]{10}\\|grpc\n$`));
  assert.strictEqual(fs.statSync(plugin.socket).mode & 0o077, 0, "others may connect");
});

test("describe, configure and enrich", async (t) => {
  const plugin = await start(t, HELLO);
  const description = await plugin.call("describe");
  assert.deepStrictEqual([description.name, description.version], ["jshello", "1.0.0"]);
  assert.match(description.helper, /^node\/\d+$/);
  const answer = await plugin.call("configure", configuration({ greeting: "grüß dich," }));
  assert.strictEqual(answer.needs.podOnly, true);
  const names = Array.from({ length: 64 }, (_, i) => `web-${i}`);
  const { patches } = await plugin.call("enrich", batch(...names));
  assert.deepStrictEqual(
    patches.map(values),
    names.map((name) => ({ "jshello.greeting": `grüß dich, ${name}` })),
  );
  const line = JSON.parse(plugin.logged);
  assert.deepStrictEqual([line["@level"], line["@message"]], ["info", "greeting with grüß dich,"]);
  assert.match(line["@timestamp"], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/); // the one form that go-plugin reads
});

test("refuses configurations", async (t) => {
  const plugin = await start(t, HELLO);
  for (const [text, want] of [
    ['{"gretting": "hi"}', "unknown key gretting (known keys: greeting)"],
    ['{"greeting": 5}', 'greeting: want a value such as "hello", got 5'],
    ['{"greeting": ""}', 'greeting: is empty; want a word such as "hello"'],
    ["[]", "want keys and values, got []"],
  ]) {
    await assert.rejects(plugin.call("configure", { configJson: text }), {
      code: grpc.status.INVALID_ARGUMENT,
      details: want,
    });
  }
});

test("health", async (t) => {
  const plugin = await start(t, HELLO);
  const check = "/grpc.health.v1.Health/Check";
  assert.deepStrictEqual(await plugin.callBytes(check), [8, 1]);
  assert.deepStrictEqual(await plugin.callBytes(check, Buffer.from("\n\x06plugin")), [8, 1]);
  await assert.rejects(plugin.callBytes(check, Buffer.from("\n\x05other")), { code: grpc.status.NOT_FOUND });
});

test("ends when asked to", async (t) => {
  const plugin = await start(t, ROUGH);
  plugin.child.kill("SIGINT"); // is for the host
  assert.deepStrictEqual(await plugin.callBytes("/plugin.GRPCController/Shutdown"), []);
  assert.strictEqual(await plugin.exited, 0);
  assert.ok(!fs.existsSync(plugin.socket), "left its socket");
  assert.match(plugin.logged, /closed/);
});

test("ends at SIGTERM", async (t) => {
  const plugin = await start(t, HELLO);
  plugin.child.kill("SIGTERM");
  assert.strictEqual(await plugin.exited, 0);
});

test("ends with its host", async (t) => {
  const plugin = await start(t, ["/bin/sh", "-c", `'${HELLO[0]}' & echo $! >&2; wait`]); // the shell stands for the host
  const pid = Number(plugin.logged);
  plugin.child.kill("SIGKILL");
  const running = () => {
    try {
      return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  };
  for (const end = Date.now() + 30_000; running(); await new Promise((later) => setTimeout(later, 20))) {
    assert.ok(Date.now() < end, "runs on");
  }
});

test("by hand", () => {
  const ended = spawnSync(HELLO[0], { env: {}, encoding: "utf8" });
  assert.deepStrictEqual([ended.status, ended.stdout], [1, ""]);
  assert.match(ended.stderr, /jshello is a plugin of pod-status-logger/);
});

test("a failure costs one patch, and its stack is logged once", async (t) => {
  const plugin = await start(t, ROUGH);
  const { patches } = await plugin.call("enrich", batch("web-0", "fails", "fails", "web-1"));
  assert.strictEqual(patches[1].error, "Error: two lines " + "x".repeat(183));
  assert.deepStrictEqual([patches[0], patches[3]].map(values), [{ "rough.s": "web-0" }, { "rough.s": "web-1" }]);
  const lines = plugin.logged.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepStrictEqual(lines.map((line) => line["@level"]), ["warn", "debug"]);
  assert.match(lines[0].exception, /rough\.js:\d+/);
});

test("types", async (t) => {
  const plugin = await start(t, ROUGH);
  const [patch] = (await plugin.call("enrich", batch("types"))).patches;
  assert.deepStrictEqual(values(patch), {
    "rough.s": "x",
    "rough.b": true,
    "rough.i": "7",
    "rough.f": 0.5,
    "rough.n": "9007199254740993",
  });
  assert.deepStrictEqual([patch.traceparent, patch.tracestate, patch.suppress], ["00-0af-b7a-01", "a=b", true]);
  assert.strictEqual(patch.error, "TypeError: list is neither a string, a boolean, a finite number nor a BigInt");
});

test("texts", async (t) => {
  const plugin = await start(t, ROUGH);
  for (const name of ["x" + "日".repeat(2000), "日".repeat(2000), "x".repeat(4096), "🚀".repeat(1500)]) {
    const value = values((await plugin.call("enrich", batch(name))).patches[0])["rough.s"];
    assert.ok(name.startsWith(value) && Buffer.byteLength(value) >= 4093 && Buffer.byteLength(value) <= 4096);
  }
  const [patch] = (await plugin.call("enrich", batch("surrogate"))).patches;
  assert.deepStrictEqual(values(patch), { "rough.s": "\ufffd" });
});

test("records", async (t) => {
  const plugin = await start(t, ROUGH);
  const record = { action: "ACTION_UPDATE", state: 3, timeUnixNano: "1767323045000000001", pod: { name: "record" } };
  const [patch] = (await plugin.call("enrich", { records: [record] })).patches;
  assert.deepStrictEqual(values(patch), { "rough.s": "ACTION_UPDATE STATE_ERROR 1767323045000000001 null" });
});

test("configuration and output", async (t) => {
  const plugin = await start(t, ROUGH);
  await plugin.call("configure", { configJson: '{"rate": 1}', cluster: "prod" });
  const { patches } = await plugin.call("enrich", batch("config", "prints"));
  assert.deepStrictEqual(values(patches[0]), { "rough.s": 'prod {"rate":1,"keys":["a"]}' });
  assert.match(plugin.logged, /enrich prints/);
});

test("a hanging call does not hold up the end", async (t) => {
  const plugin = await start(t, ROUGH);
  await assert.rejects(plugin.call("enrich", batch("hangs"), 0.2), { code: grpc.status.DEADLINE_EXCEEDED });
  assert.deepStrictEqual(await plugin.callBytes("/grpc.health.v1.Health/Check"), [8, 1]);
  await plugin.callBytes("/plugin.GRPCController/Shutdown");
  await plugin.exited;
});
