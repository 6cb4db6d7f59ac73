"""Library for plugins of pod-status-logger in Python: subclass Plugin, and run it with serve().
Needs only grpcio and protobuf. Output and log of the plugin appear in the host's log.
"""

import json
import logging
import os
import secrets
import signal
import sys
import threading
import time
from concurrent import futures

import grpc

import enrich_pb2 as pb

HELPER = "python/2"  # `plugin verify` reports an old one: copy the file anew then
MAX_MESSAGE_BYTES = 4 << 20
MAX_VALUE_BYTES = 4 << 10
TRACEBACK_SECONDS = 10  # pause after each traceback in the log


class Plugin:
    name = ""  # prefix of the keys of all attributes
    version = "0.0.0"
    config = {}  # the keys that the user may set, with their defaults
    cluster = ""  # name of the cluster, if configured

    def configure(self):
        """Called once, with the user's values in self.config. Raise ValueError for an invalid one;
        its message must name the key."""

    def needs(self):
        """A pb.Needs. None: all labels of pods, no annotations, no owners. Without labels:
        pb.Needs(no_labels=True)."""

    def enrich(self, record, patch):
        """Add attributes for the pb.Record to the Patch. An exception, or sys.exit, becomes the text
        of the record's field "enrichment". Called from two threads at the same time."""

    def close(self):
        """Called at the end."""


class Patch:
    """The additions to one record."""

    field_of = {str: "string_value", bool: "bool_value", int: "int_value", float: "double_value"}

    def __init__(self, name, message):
        self.name, self.message = name, message

    def set(self, key, value):
        """Add an attribute. Its key is given without the plugin's name. Texts are cut at 4 KiB,
        between two characters."""
        if type(value) not in self.field_of:
            raise TypeError(f"{key} is neither str, bool, int nor float")
        if type(value) is str and len(value) > MAX_VALUE_BYTES // 4:  # a character has at most four bytes
            value = value.encode()[:MAX_VALUE_BYTES].decode(errors="ignore")
        attribute = pb.Attribute(key=f"{self.name}.{key}", **{self.field_of[type(value)]: value})
        self.message.attributes.append(attribute)

    def set_trace(self, traceparent, tracestate=""):
        """Set the trace context of the record."""
        self.message.traceparent, self.message.tracestate = traceparent, tracestate

    def suppress(self):
        """Prevent the emission of the record. The operator must allow that."""
        self.message.suppress = True


def serve(plugin):
    """Run the plugin until the host ends it or is gone. The only call in main."""
    host, stopping = os.getppid(), threading.Event()
    stdout, sys.stdout = sys.stdout, sys.stderr  # output would break the handshake
    if os.environ.get("POD_STATUS_LOGGER_PLUGIN") != "podstatus.enrich":
        sys.exit(f"{plugin.name} is a plugin of pod-status-logger, which has to start it. Try: "
                 f"pod-status-logger plugin verify {os.path.abspath(sys.argv[0])}")
    log = logging.StreamHandler()
    log.setFormatter(JSONFormatter())
    logging.basicConfig(handlers=[log], level=logging.DEBUG)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # at a terminal, Ctrl-C is for the host
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    threading.Thread(target=await_orphaned, args=(host, stopping), daemon=True).start()

    server = grpc.server(
        futures.ThreadPoolExecutor(8), handlers(plugin, stopping),
        options=[(f"grpc.max_{way}_message_length", MAX_MESSAGE_BYTES) for way in ("send", "receive")])
    folder = os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or os.environ.get("TMPDIR") or "/tmp"
    socket = os.path.join(folder, "plugin" + secrets.token_hex(5))  # a path may have 104 bytes
    umask = os.umask(0o077)  # only this user may connect
    server.add_insecure_port("unix:" + socket)
    os.umask(umask)
    server.start()
    print(f"1|1|unix|{socket}|grpc", file=stdout, flush=True)
    stopping.wait()

    threading.Timer(1.5, os._exit, [1]).start()  # in case something hangs
    server.stop(grace=0.5).wait()  # removes the socket
    plugin.close()
    os._exit(0)  # sys.exit would wait for calls that hang


def await_orphaned(host, stopping):
    while os.getppid() == host:
        time.sleep(0.5)
    stopping.set()


def handlers(plugin, stopping):
    """The services that go-plugin requires, and our own."""

    reported = Rate(TRACEBACK_SECONDS)

    def describe(request, context):
        return pb.DescribeResponse(name=plugin.name, version=plugin.version, helper=HELPER)

    def configure(request, context):
        try:
            plugin.cluster = request.cluster
            plugin.config = merge(plugin.config, json.loads(request.config_json))
            plugin.configure()
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return pb.ConfigureResponse(needs=plugin.needs())

    def enrich(request, context):
        response = pb.EnrichResponse()
        for record in request.records:
            patch = Patch(plugin.name, response.patches.add())
            if not context.is_active():  # the host no longer waits
                break
            try:
                plugin.enrich(record, patch)
            except (Exception, SystemExit) as error:  # sys.exit would lose the batch
                text = " ".join(f"{type(error).__name__}: {error}".split())  # one line
                patch.message.error = text[:200].encode(errors="replace")
                logging.log(logging.WARNING if reported.allow() else logging.DEBUG, "enrich", exc_info=True)
        return response

    def check(request, context):
        if request not in (b"", b"\x0a\x06plugin"):  # HealthCheckRequest{service: "plugin"}
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return b"\x08\x01"  # HealthCheckResponse{status: SERVING}

    def shutdown(request, context):
        stopping.set()
        return b""

    def service(name, **methods):
        return grpc.method_handlers_generic_handler(name, {
            method: grpc.unary_unary_rpc_method_handler(*call) for method, call in methods.items()})

    return [
        service("podstatus.enrich.v1.EnricherService",
                Describe=(describe, pb.DescribeRequest.FromString, pb.DescribeResponse.SerializeToString),
                Configure=(configure, pb.ConfigureRequest.FromString, pb.ConfigureResponse.SerializeToString),
                Enrich=(enrich, pb.EnrichRequest.FromString, pb.EnrichResponse.SerializeToString)),
        service("grpc.health.v1.Health", Check=(check,)),
        service("plugin.GRPCController", Shutdown=(shutdown,)),
    ]


def merge(defaults, values):
    """The configuration: the user's values over the defaults."""
    if not isinstance(values, dict):
        raise ValueError(f"want keys and values, got {json.dumps(values)}")
    for key, value in values.items():
        if key not in defaults:
            raise ValueError(f"unknown key {key} (known keys: {', '.join(defaults) or 'none'})")
        wanted = type(defaults[key])
        if type(value) is not wanted and (type(value), wanted) != (int, float):
            raise ValueError(f"{key}: want a value such as {json.dumps(defaults[key])}, got {json.dumps(value)}")
    return {**defaults, **values}


class Rate:
    """Allows one event, and the next one after a pause."""

    def __init__(self, seconds):
        self.seconds, self.next, self.lock = seconds, 0.0, threading.Lock()

    def allow(self):
        with self.lock:
            now = time.monotonic()
            if now < self.next:
                return False
            self.next = now + self.seconds
            return True


class JSONFormatter(logging.Formatter):
    """Formats lines as hosts of go-plugin read them."""

    converter = time.gmtime

    def format(self, record):
        line = {
            "@level": {"WARNING": "warn", "CRITICAL": "error"}.get(record.levelname, record.levelname.lower()),
            "@message": record.getMessage(),
            # Exactly six digits: with others, go-plugin takes the line for plain text.
            "@timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs * 1000):06d}Z",
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
