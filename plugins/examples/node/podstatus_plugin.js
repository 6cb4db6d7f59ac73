"use strict";

// Library for plugins of pod-status-logger in Node.js: extend Plugin, and run it with serve().
// Needs only @grpc/grpc-js, @grpc/proto-loader and enrich.proto, beside this file. Output and log
// of the plugin appear in the host's log.

const crypto = require("node:crypto");
const path = require("node:path");

const grpc = require("@grpc/grpc-js");
const protoLoader = require("@grpc/proto-loader");

const HELPER = "node/1"; // `plugin verify` reports an old one: copy this file and enrich.proto anew then
const MAX_MESSAGE_BYTES = 4 << 20;
const MAX_VALUE_BYTES = 4 << 10;
const MAX_ERROR_BYTES = 200;
const STACK_MILLISECONDS = 10_000; // pause after each stack in the log

class Plugin {
  name = ""; // prefix of the keys of all attributes
  version = "0.0.0";
  config = {}; // the keys that the user may set, with their defaults
  cluster = ""; // name of the cluster, if configured

  // Called once, with the user's values in this.config. Throw a ConfigError for an invalid one; its
  // message must name the key. May be async.
  configure() {}

  // The Needs in enrich.proto, such as {podOnly: true} or {annotations: ["example.com/team"]}.
  // undefined: all labels of pods, no annotations, no owners. Without labels: {noLabels: true}.
  needs() {}

  // Add attributes for the record to the patch. What is thrown becomes the text of the record's
  // field "enrichment". May be async: two batches are enriched at the same time.
  enrich(record, patch) {} // eslint-disable-line no-unused-vars

  // Called at the end.
  close() {}
}

// An invalid configuration.
class ConfigError extends Error {}

// The additions to one record.
class Patch {
  constructor(name, message) {
    this.name = name;
    this.message = message;
  }

  // Add an attribute: a string, a boolean, a number, or a BigInt. Its key is given without the
  // plugin's name. Texts are cut at 4 KiB, between two characters.
  set(key, value) {
    this.message.attributes.push({ key: `${this.name}.${key}`, ...attributeValue(key, value) });
  }

  // Set the trace context of the record.
  setTrace(traceparent, tracestate = "") {
    this.message.traceparent = traceparent;
    this.message.tracestate = tracestate;
  }

  // Prevent the emission of the record. The operator must allow that.
  suppress() {
    this.message.suppress = true;
  }
}

function attributeValue(key, value) {
  switch (typeof value) {
    case "string":
      return { stringValue: cut(value, MAX_VALUE_BYTES) };
    case "boolean":
      return { boolValue: value };
    case "bigint":
      return { intValue: value.toString() };
    case "number":
      if (Number.isFinite(value)) {
        return Number.isSafeInteger(value) ? { intValue: value } : { doubleValue: value };
      }
  }
  throw new TypeError(`${key} is neither a string, a boolean, a finite number nor a BigInt`);
}

// cut returns at most that many bytes of a text, in whole characters. Others become U+FFFD.
function cut(text, bytes) {
  return new TextDecoder().decode(Buffer.from(text).subarray(0, bytes), { stream: true });
}

// The plugin's log: log.info("message", {key: "value"}).
const log = Object.fromEntries(
  ["debug", "info", "warn", "error"].map((level) => [
    level,
    (message, attributes = {}) =>
      process.stderr.write(
        JSON.stringify({
          ...attributes,
          "@level": level,
          "@message": String(message),
          // Exactly six digits: with others, go-plugin takes the line for plain text.
          "@timestamp": new Date().toISOString().replace("Z", "000Z"),
        }) + "\n",
      ),
  ]),
);

// serve runs the plugin until the host ends it or is gone. It is the only call of the program.
function serve(plugin) {
  const print = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr); // output would break the handshake
  if (process.env.POD_STATUS_LOGGER_PLUGIN !== "podstatus.enrich") {
    console.error(
      `${plugin.name} is a plugin of pod-status-logger, which has to start it. ` +
        `Try: pod-status-logger plugin verify ${path.resolve(process.argv[1])}`,
    );
    process.exit(1);
  }
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  });
  const stop = once(() => end(server, plugin));
  addServices(server, plugin, stop);
  process.on("SIGINT", () => {}); // at a terminal, Ctrl-C is for the host
  process.on("SIGTERM", stop);
  const host = process.ppid;
  setInterval(() => process.ppid === host || stop(), 500);

  const folder = process.env.PLUGIN_UNIX_SOCKET_DIR || process.env.TMPDIR || "/tmp";
  const socket = path.join(folder, "plugin" + crypto.randomBytes(5).toString("hex")); // a path may have 104 bytes
  const umask = process.umask(0o077); // only this user may connect
  server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => {
    process.umask(umask);
    if (error) {
      log.error(`listen: ${error.message}`);
      process.exit(1);
    }
    print(`1|1|unix|${socket}|grpc\n`);
  });
}

function once(call) {
  let called = false;
  return () => {
    if (!called) {
      called = true;
      call();
    }
  };
}

// end ends the process, also while calls hang.
async function end(server, plugin) {
  setTimeout(() => process.exit(1), 1500);
  const grace = setTimeout(() => server.forceShutdown(), 500);
  await new Promise((ended) => server.tryShutdown(ended)); // removes the socket
  clearTimeout(grace);
  await plugin.close();
  process.exit(0);
}

// addServices adds the services that go-plugin requires, and our own.
function addServices(server, plugin, stop) {
  const definition = grpc.loadPackageDefinition(
    protoLoader.loadSync(path.join(__dirname, "enrich.proto"), { longs: String, enums: String, defaults: true }),
  );
  server.addService(definition.podstatus.enrich.v1.EnricherService.service, {
    describe: answering(() => ({ name: plugin.name, version: plugin.version, helper: HELPER })),
    configure: answering((call) => configure(plugin, call.request)),
    enrich: answering(enricher(plugin)),
  });
  server.addService(
    { check: ofBytes("/grpc.health.v1.Health/Check") },
    {
      check: answering((call) => {
        // An empty HealthCheckRequest, and HealthCheckRequest{service: "plugin"}.
        if (!["", "0a06706c7567696e"].includes(call.request.toString("hex"))) {
          throw rpcError(grpc.status.NOT_FOUND, "unknown service");
        }
        return Buffer.from([0x08, 0x01]); // HealthCheckResponse{status: SERVING}
      }),
    },
  );
  server.addService(
    { shutdown: ofBytes("/plugin.GRPCController/Shutdown") },
    {
      shutdown: answering(() => {
        setImmediate(stop); // after the answer
        return Buffer.alloc(0); // Empty
      }),
    },
  );
}

// ofBytes is the definition of a method whose messages are bytes.
function ofBytes(path) {
  const same = (bytes) => bytes;
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

// answering makes a method of a function, which may be async and may throw.
function answering(answer) {
  return async (call, callback) => {
    try {
      callback(null, await answer(call));
    } catch (error) {
      callback(error.code === undefined ? rpcError(grpc.status.INTERNAL, describe(error)) : error);
    }
  };
}

function rpcError(code, message) {
  return Object.assign(new Error(message), { code, details: message });
}

async function configure(plugin, request) {
  try {
    plugin.cluster = request.cluster;
    plugin.config = merge(plugin.config, JSON.parse(request.configJson));
    await plugin.configure();
  } catch (error) {
    if (error instanceof ConfigError || error instanceof SyntaxError) {
      throw rpcError(grpc.status.INVALID_ARGUMENT, error.message);
    }
    throw error;
  }
  const needs = plugin.needs();
  return needs === undefined ? {} : { needs };
}

// merge returns the configuration: the user's values over the defaults.
function merge(defaults, values) {
  if (kind(values) !== "object") {
    throw new ConfigError(`want keys and values, got ${JSON.stringify(values)}`);
  }
  for (const [key, value] of Object.entries(values)) {
    if (!Object.hasOwn(defaults, key)) {
      throw new ConfigError(`unknown key ${key} (known keys: ${Object.keys(defaults).join(", ") || "none"})`);
    }
    if (kind(value) !== kind(defaults[key])) {
      const [want, got] = [defaults[key], value].map((v) => JSON.stringify(v));
      throw new ConfigError(`${key}: want a value such as ${want}, got ${got}`);
    }
  }
  return { ...defaults, ...values };
}

function kind(value) {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

// enricher returns the method that enriches the records of a batch, one after the other.
function enricher(plugin) {
  let nextStack = 0;
  return async (call) => {
    const patches = [];
    for (const record of call.request.records) {
      const message = { attributes: [] };
      patches.push(message);
      if (call.cancelled) {
        break; // the host no longer waits
      }
      try {
        await plugin.enrich(record, new Patch(plugin.name, message));
      } catch (error) {
        message.error = cut(describe(error), MAX_ERROR_BYTES);
        const rare = Date.now() >= nextStack;
        nextStack = rare ? Date.now() + STACK_MILLISECONDS : nextStack;
        log[rare ? "warn" : "debug"]("enrich", { exception: error?.stack ?? String(error) });
      }
    }
    return { patches };
  };
}

// describe returns what was thrown in one line.
function describe(error) {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replace(/\s+/g, " ").trim();
}

module.exports = { ConfigError, Patch, Plugin, log, serve };
