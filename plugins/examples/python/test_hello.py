"""Tests of the plugin as a host sees it: a process and a socket."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent import futures
from pathlib import Path

import grpc

import enrich_pb2 as pb

HERE = Path(__file__).resolve().parent
COOKIE = {"POD_STATUS_LOGGER_PLUGIN": "podstatus.enrich"}


def wait_for(condition, seconds=30.0):
    """Returns whether the condition becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def alive(pid):
    """Returns whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Case(unittest.TestCase):
    """Starts plugins in an environment as empty as the host's."""

    program = [str(HERE / "hello.py")]

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        self.addCleanup(self.log.close)

    def start(self, command=None, **env):
        """Starts a plugin and reads its handshake."""
        env = {**COOKIE, "PLUGIN_UNIX_SOCKET_DIR": self.folder, **env}
        process = subprocess.Popen(command or self.program, env=env, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(select.select([process.stdout], [], [], 20)[0], "no handshake")
        self.handshake = process.stdout.readline()
        self.socket = self.handshake.split("|")[3] if self.handshake else ""
        return process

    def connect(self):
        """Returns a function that calls a method of the plugin."""
        channel = grpc.insecure_channel("unix:" + self.socket, [("grpc.max_receive_message_length", 64 << 20)])
        self.addCleanup(channel.close)

        def call(method, request=b"", timeout=10):
            name, _, rpc = method.rpartition("/")
            if name:  # not ours: bytes in, bytes out
                return channel.unary_unary("/" + method)(request, timeout=timeout)
            answer = getattr(pb, rpc + "Response")
            return channel.unary_unary(
                "/podstatus.enrich.v1.EnricherService/" + rpc,
                type(request).SerializeToString, answer.FromString)(request, timeout=timeout)

        return call

    def logged(self):
        self.log.flush()
        return (Path(self.folder) / "log").read_text(encoding="utf-8")

    def assertRefused(self, code, method, *args):
        with self.assertRaises(grpc.RpcError) as refused:
            method(*args)
        self.assertEqual(refused.exception.code(), code, refused.exception.details())
        return refused.exception.details()


def configuration(**values):
    return pb.ConfigureRequest(config_json=json.dumps(values))


def batch(*names):
    return pb.EnrichRequest(records=[pb.Record(pod=pb.Pod(name=name, namespace="shop")) for name in names])


class Calls(Case):
    def setUp(self):
        super().setUp()
        self.start()
        self.call = self.connect()

    def greetings(self, *names):
        answer = self.call("Enrich", batch(*names))
        for patch in answer.patches:
            self.assertEqual([a.key for a in patch.attributes], ["pyhello.greeting"], patch)
        return [patch.attributes[0].string_value for patch in answer.patches]

    def test_handshake(self):
        self.assertRegex(self.handshake, rf"^1\|1\|unix\|{self.folder}/plugin[0-9a-f]{{10}}\|grpc\n$")
        self.assertEqual(os.stat(self.socket).st_mode & 0o077, 0, "others may connect")

    def test_describe(self):
        answer = self.call("Describe", pb.DescribeRequest())
        self.assertEqual((answer.name, answer.version), ("pyhello", "1.0.0"))
        self.assertRegex(answer.helper, r"^python/\d+$")

    def test_configure(self):
        answer = self.call("Configure", configuration(greeting="good morning"))
        self.assertTrue(answer.needs.pod_only)
        self.assertEqual(self.greetings("web-0"), ["good morning web-0"])

    def test_configure_nothing(self):
        self.call("Configure", configuration())
        self.assertEqual(self.greetings("web-0"), ["hello web-0"])

    def test_refuses_configuration(self):
        for name, text, want in [
            ("unknown key", '{"gretting": "hi"}', "unknown key gretting (known keys: greeting)"),
            ("wrong type", '{"greeting": 5}', 'greeting: want a value such as "hello", got 5'),
            ("wrong value", '{"greeting": ""}', 'greeting: is empty; want a word such as "hello"'),
            ("no object", "[]", "want keys and values, got []"),
        ]:
            with self.subTest(name):
                request = pb.ConfigureRequest(config_json=text)
                details = self.assertRefused(grpc.StatusCode.INVALID_ARGUMENT, self.call, "Configure", request)
                self.assertEqual(details, want)

    def test_batch(self):
        names = [f"web-{i}" for i in range(64)]
        self.assertEqual(self.greetings(*names), [f"hello {name}" for name in names])

    def test_unicode(self):
        self.call("Configure", configuration(greeting="grüß dich,"))
        self.assertEqual(self.greetings("köln-東京-🚀"), ["grüß dich, köln-東京-🚀"])
        self.assertEqual(json.loads(self.logged().splitlines()[-1])["@message"], "greeting with grüß dich,")

    def test_parallel(self):
        with futures.ThreadPoolExecutor(8) as pool:
            for i, got in enumerate(pool.map(lambda i: self.greetings(*[f"web-{i}"] * 64), range(32))):
                self.assertEqual(got, [f"hello web-{i}"] * 64)

    def test_message_size(self):
        small, large = ((pb.Record(pod=pb.Pod(name="x" * size)),) for size in (1 << 21, 5 << 20))
        self.call("Enrich", pb.EnrichRequest(records=small))
        self.assertRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, self.call, "Enrich", pb.EnrichRequest(records=large))

    def test_health(self):
        self.assertEqual(self.call("grpc.health.v1.Health/Check", b"\x0a\x06plugin"), b"\x08\x01")
        self.assertRefused(grpc.StatusCode.NOT_FOUND, self.call, "grpc.health.v1.Health/Check", b"\x0a\x05other")

    def test_rest_of_go_plugin_is_optional(self):
        self.assertRefused(grpc.StatusCode.UNIMPLEMENTED, self.call, "plugin.GRPCStdio/StreamStdio")

    def test_log(self):
        self.call("Configure", configuration())
        for line in self.logged().splitlines():
            entry = json.loads(line)
            self.assertIn(entry["@level"], ("debug", "info"))
            # The one form that go-plugin reads.
            self.assertRegex(entry["@timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")


class End(Case):
    def assertEnds(self, process):
        self.assertTrue(wait_for(lambda: process.poll() is not None), "runs on")
        self.assertFalse(os.path.exists(self.socket), "left its socket")

    def test_shutdown(self):
        process = self.start()
        self.assertEqual(self.connect()("plugin.GRPCController/Shutdown"), b"")
        self.assertEnds(process)
        self.assertEqual(process.returncode, 0)

    def test_sigterm(self):
        process = self.start()
        process.terminate()
        self.assertEnds(process)

    def test_ctrl_c_is_for_the_host(self):
        process = self.start()
        process.send_signal(signal.SIGINT)
        self.connect()("plugin.GRPCController/Shutdown")
        self.assertEnds(process)
        self.assertEqual((process.returncode, self.logged()), (0, ""))

    def test_host_is_gone(self):
        # The shell stands for the host, and is killed as hard.
        shell = self.start(["/bin/sh", "-c", f"'{self.program[0]}' & echo $! >&2; wait"])
        pid = int(self.logged().splitlines()[0])
        self.addCleanup(lambda: alive(pid) and os.kill(pid, signal.SIGKILL))
        self.assertTrue(alive(pid))
        shell.kill()
        shell.wait()
        self.assertTrue(wait_for(lambda: not alive(pid)), "runs on")
        self.assertFalse(os.path.exists(self.socket), "left its socket")

    def test_by_hand(self):
        ended = subprocess.run(self.program, env={}, capture_output=True, text=True, timeout=20)
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertIn("pyhello is a plugin of pod-status-logger", ended.stderr)

    def test_folder_of_last_resort(self):
        self.start(PLUGIN_UNIX_SOCKET_DIR="", TMPDIR=self.folder)
        self.assertEqual(os.path.dirname(self.socket), self.folder)


class Rough(Case):
    """A plugin that breaks rules."""

    program = [sys.executable, "-B", str(HERE / "testdata" / "rough.py")]

    def setUp(self):
        super().setUp()
        self.process = self.start(PYTHONPATH=str(HERE))
        self.call = self.connect()

    def test_configuration(self):
        self.call("Configure", pb.ConfigureRequest(config_json='{"rate": 1}', cluster="prod"))
        patch = self.call("Enrich", batch("config")).patches[0]
        self.assertEqual(patch.attributes[0].string_value, "prod {'rate': 1, 'keys': ['a']}")

    def test_prints(self):
        self.assertTrue(self.handshake.startswith("1|1|unix|"), self.handshake)
        self.call("Enrich", batch("prints"))
        self.assertIn("enrich prints", self.logged())

    def test_failure_costs_one_patch(self):
        good, bad, again = self.call("Enrich", batch("web-0", "fails", "web-1")).patches
        self.assertEqual(bad.error, "ValueError: two lines " + "x" * 178)
        self.assertEqual([good.error, again.error], ["", ""])
        self.assertEqual(again.attributes[0].string_value, "web-1")

    def test_traceback_is_logged_once(self):
        self.call("Enrich", batch("fails", "fails"))
        entries = [json.loads(line) for line in self.logged().splitlines()]
        self.assertEqual([entry["@level"] for entry in entries], ["warn", "debug"])
        self.assertIn('rough.py", line', entries[0]["exception"])

    def test_long_texts_are_cut(self):
        for name in ("x" + "日" * 2000, "日" * 2000, "x" * 4096):
            value = self.call("Enrich", batch(name)).patches[0].attributes[0].string_value
            self.assertTrue(name.startswith(value) and 4094 <= len(value.encode()) <= 4096, len(value.encode()))

    def test_types(self):
        patch = self.call("Enrich", batch("types")).patches[0]
        got = {a.key: getattr(a, a.WhichOneof("value")) for a in patch.attributes}
        self.assertEqual(got, {"rough.s": "x", "rough.b": True, "rough.i": 7, "rough.f": 0.5})
        self.assertEqual((patch.traceparent, patch.tracestate, patch.suppress), ("00-0af-b7a-01", "a=b", True))
        self.assertEqual(patch.error, "TypeError: list is neither str, bool, int nor float")

    def test_no_characters(self):
        self.assertIn("UnicodeEncodeError", self.call("Enrich", batch("surrogate")).patches[0].error)
        self.assertEqual(self.call("Enrich", batch("surrogate error")).patches[0].error, "ValueError: ?")

    def test_exit_is_of_one_record(self):
        patches = self.call("Enrich", batch("exits", "web-0")).patches
        self.assertEqual(patches[0].error, "SystemExit: no token")
        self.assertEqual(patches[1].attributes[0].string_value, "web-0")

    def test_hanging_call_does_not_hold_up_the_end(self):
        self.assertRefused(grpc.StatusCode.DEADLINE_EXCEEDED, self.call, "Enrich", batch("hangs"), 0.2)
        self.assertEqual(self.call("grpc.health.v1.Health/Check"), b"\x08\x01")
        self.call("plugin.GRPCController/Shutdown")
        self.assertTrue(wait_for(lambda: self.process.poll() is not None), "runs on")
        self.assertIn("closed", self.logged())


class Generated(unittest.TestCase):
    @unittest.skipUnless(shutil.which("protoc"), "no protoc: apt-get install -y --no-install-recommends protobuf-compiler")
    def test_up_to_date(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([HERE / "generate.sh", folder], check=True)
            fresh = (Path(folder) / "enrich_pb2.py").read_text(encoding="utf-8")
        self.assertEqual((HERE / "enrich_pb2.py").read_text(encoding="utf-8"), fresh, "run generate.sh with protoc 3.21")


if __name__ == "__main__":
    unittest.main()
