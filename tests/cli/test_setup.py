#!/usr/bin/python3 -B
"""From nothing to a pair that works: init, the lines that are pasted or dropped, URIs, default places, pipes."""

import os
import shutil
import signal
import stat
import subprocess
import time
import urllib.request

import cli
from test_run import Processes, wait_until

URI = r"\Afloatprobe://[A-Za-z0-9_-]{43}@"
SECRET = "floatprobe-secret:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="


class Setup(Processes):
    def setUp(self):
        super().setUp()
        self.port = cli.closed_port()

    def floatprobed(self, *arguments, status=0, **options):
        options = {"env": self.env, "cwd": self.dir, "stdin": subprocess.DEVNULL, "capture_output": True, "text": True,
                   "timeout": 60} | options  # fmt: skip
        done = subprocess.run((cli.FLOATPROBED, *arguments), check=False, **options)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}\n{done.stderr}")
        return done

    def init_server(self, name="boot-01", directory="server"):
        address = f"127.0.0.1:{self.port}"
        return self.floatprobed("--init", "-o", directory, "--name", name, "--address", address).stdout.strip()

    def init_client(self, name="fra-home", directory="client"):
        return self.floatprobe("init", "-o", directory, "--name", name, status=0).stdout.strip()

    def serve(self, directory="server"):
        process = self.start(cli.FLOATPROBED, f"{directory}/floatprobed.yaml", name="server")
        wait_until("it listens", lambda: "listening on" in self.read("server.log"))
        return process

    def pair(self):
        """Both sides, each with the other's line as a file; the server runs."""
        self.uri, line = self.init_server(), self.init_client()
        self.write("client/servers.d/boot-01.yaml", self.uri + "\n")
        self.write("server/clients.d/fra-home.yaml", line + "\n")
        return self.serve()

    def check(self, *arguments, status=0, **options):
        return self.floatprobe("check", *arguments, *cli.QUICK, "--json", status=status, **options)


class Init(Setup):
    def test_a_pair_from_nothing(self):
        self.pair()
        done = self.check("client/floatprobe.yaml")
        paths = [o for o in self.objects(done.stdout) if o["type"] == "path"]
        self.assertEqual({(o["target"], o["server"], o["state"]) for o in paths}, {("boot-01", "boot-01", "up")})
        self.assertEqual({o["vantage"] for o in paths}, {"fra-home"})

    def test_the_line_is_all_of_stdout(self):
        self.assertRegex(self.init_server(), URI + rf"127\.0\.0\.1:{self.port}\?name=boot-01\Z")
        self.assertRegex(self.init_client(), r"\Afra-home: ed25519:[A-Za-z0-9+/]{43}=\Z")
        self.assertRegex(self.floatprobe("init", "--server", "-o", "other", "--address", "2001:db8::5", status=0).stdout,
                         URI + r"\[2001:db8::5\]\?name=")  # fmt: skip
        self.assertEqual(stat.S_IMODE(os.stat(self.path("client/key")).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("server/floatprobed.key")).st_mode), 0o600)

    def test_what_it_writes_is_right(self):
        self.init_server()
        shown = self.floatprobed("--check-config", "server/floatprobed.yaml")
        self.assertIn("name: boot-01", shown.stdout)
        self.assertIn("no client yet", shown.stderr)
        self.init_client()
        self.assertIn("no server yet", self.floatprobe("config", "client/floatprobe.yaml", status=0).stderr)

    def test_a_client_waits_for_its_first_server(self):
        """`run` is ready for a reload; who wants a result now is told that there is none."""
        self.init_client()
        said = self.floatprobe("check", "client/floatprobe.yaml", status=2).stderr
        self.assertIn("client/floatprobe.yaml:", said)
        self.assertIn("put its line", said)
        self.assertIn("nothing to probe", said)
        self.assertIn("nothing to probe", self.floatprobe("check", "client/floatprobe.yaml", "--format", "nagios", status=3).stdout)
        self.write("client/none.yaml", "key: key\nservers: {}\ntargets_from: [ targets.d/ ]\n")
        self.floatprobe("config", "client/none.yaml", status=2)
        web = cli.closed_port()
        self.write("client/floatprobe.yaml", self.read("client/floatprobe.yaml") + f"web: 127.0.0.1:{web}\n")
        client = self.start(cli.FLOATPROBE, "run", "client/floatprobe.yaml", name="client", stdout=subprocess.DEVNULL)
        wait_until("it runs", lambda: "probing 0 paths" in self.read("client.log"))
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/") as page:
            self.assertIn("Nothing is probed", page.read().decode())
        self.uri = self.init_server()
        drop = self.write("client/servers.d/boot-01.yaml", self.uri)
        for reloads, paths in ((1, True), (2, False), (3, True)):
            client.send_signal(signal.SIGHUP)
            wait_until("it is reloaded", lambda r=reloads: self.read("client.log").count("configuration reloaded") == r)
            self.assertEqual(": 0 paths\n" not in self.read("client.log").rpartition("reloaded")[2], paths)
            os.rename(*((drop, drop + "~") if paths else (drop + "~", drop)))
        client.send_signal(signal.SIGTERM)
        self.assertEqual(client.wait(), 0)

    def test_nothing_is_overwritten(self):
        self.init_client()
        with open(self.path("client/key"), encoding="ascii") as file:
            before = file.read()
        for missing, there in (("floatprobe.yaml", "client/key"), ("key", "client/floatprobe.yaml"), (None, "client/key")):
            if missing:
                os.rename(self.path(f"client/{missing}"), self.path("aside"))
            said = self.floatprobe("init", "-o", "client", status=2)
            self.assertIn(there, said.stderr)
            self.assertEqual(said.stdout, "")
            if missing:
                self.assertFalse(os.path.exists(self.path(f"client/{missing}")))
                os.rename(self.path("aside"), self.path(f"client/{missing}"))
        with open(self.path("client/key"), encoding="ascii") as file:
            self.assertEqual(file.read(), before)

    def test_wrong_names_and_addresses(self):
        for arguments in (("--name", "a b"), ("--address", "198.51.100.1")):
            self.floatprobe("init", "-o", "x", *arguments, status=2)
        for address in ("198.51.100.1:0", "::", "no host", "2001:db8::1:8620x"):
            said = self.floatprobed("--init", "-o", "x", "--address", address, status=2).stderr
            self.assertTrue(said.startswith("the address: error: "), said)
        self.assertFalse(os.path.exists(self.path("x")))
        self.floatprobed("--name", "x", status=2)

    def test_a_place_that_cannot_be_written(self):
        self.write("file", "")
        error = self.floatprobe("init", "-o", "file/x", status=2).stderr
        self.assertIn("file/x/floatprobe.yaml: Not a directory", error)
        self.assertNotIn("exist", error)

    def test_the_directory_that_cannot_be_made_is_named(self):
        """The first one of several, with its reason."""
        for command in (("init", "-o", "/proc/not/there"), ("keygen",)):
            error = self.floatprobe(*command, env=self.env | {"XDG_CONFIG_HOME": "/proc/not/there"}, status=2).stderr
            self.assertIn("cannot make the directory /proc/not: ", error)

    def test_the_umask_of_root_does_not_shut_out_the_daemon(self):
        """The daemon is another user. The secret key stays with root; a user's own files obey the umask."""
        done = subprocess.run(("sh", "-c", f"umask 077; {cli.FLOATPROBE} init -o new/dir --name a"), cwd=self.dir, env=self.env,
                              check=False, capture_output=True)  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        modes = {name: os.stat(self.path(f"new/dir/{name}")).st_mode & 0o777 for name in (".", "servers.d", "floatprobe.yaml", "key")}
        root = os.getuid() == 0
        self.assertEqual(modes, {".": 0o755 if root else 0o700, "servers.d": 0o755 if root else 0o700,
                                 "floatprobe.yaml": 0o644 if root else 0o600, "key": 0o600})  # fmt: skip

    def test_a_host_whose_name_is_a_word_of_yaml(self):
        for name in ("null", "true", "1e3"):
            self.init_client(name, f"c-{name}")
            self.init_server(name, f"s-{name}")
            self.assertIn(f"vantage: {name}\n", self.floatprobe("config", f"c-{name}/floatprobe.yaml", status=0).stdout)
            self.assertIn(f"name: {name}\n", self.floatprobed("--config", f"s-{name}/floatprobed.yaml", "--check-config").stdout)

    def test_uri_of_another_address(self):
        self.init_server()
        self.init_client()
        key = "server/floatprobed.key"
        shown = self.floatprobe("pubkey", "--uri", "203.0.113.7", key, status=0).stdout
        self.assertRegex(shown, URI + r"203\.0\.113\.7\?name=boot-01\n\Z")
        shown = self.floatprobe("pubkey", key, "--uri", "2001:db8::7", "--name", "b", status=0).stdout
        self.assertRegex(shown, URI + r"\[2001:db8::7\]\?name=b\n\Z")
        for zone in ("eth0", "cafe0", "25a"):  # those could be taken for encoded octets
            for address in (f"fe80::7%{zone}", f"[fe80::7%25{zone}]", *([f"[fe80::7%{zone}]"] if zone != "25a" else [])):
                shown = self.floatprobe("pubkey", key, "--uri", address, status=0).stdout
                self.assertRegex(shown, URI + rf"\[fe80::7%25{zone}\]\?name=boot-01\n\Z")
                self.write("client/servers.d/boot-01.yaml", shown)
                self.assertIn(f"by interface {zone}\n", self.floatprobe("config", "client/floatprobe.yaml", status=0).stdout)
        self.floatprobe("pubkey", key, "--uri", "not an address", status=2)


class Uris(Setup):
    def ping(self, uri, status=0):
        done = self.floatprobe("ping", uri, "--key", "client/key", *cli.QUICK, "--json", status=status)
        return [o for o in self.objects(done.stdout) if o["type"] == "path"]

    def test_ping_takes_the_line_as_it_is(self):
        self.pair()
        paths = self.ping(self.uri)
        self.assertEqual({(o["target"], o["server"]) for o in paths}, {("boot-01", "boot-01")})

    def test_ping_takes_every_form_of_the_key(self):
        self.pair()
        public = self.floatprobe("pubkey", "server/floatprobed.key", status=0).stdout.strip().removeprefix("ed25519:")
        encoded = public.replace("+", "%2B").replace("/", "%2f").replace("=", "%3D")
        for key in (public, encoded, public.rstrip("="), f"ed25519:{public}"):
            paths = self.ping(f"floatprobe://{key}@127.0.0.1:{self.port}?proto=udp")
            self.assertEqual({o["server"] for o in paths}, {f"127.0.0.1:{self.port}"})

    def test_a_server_without_a_name_is_shown_once(self):
        self.pair()
        shown = self.floatprobe("ping", self.uri.partition("?")[0], "--key", "client/key", *cli.QUICK, status=0).stdout
        self.assertRegex(shown, rf"\n  . 127\.0\.0\.1:{self.port}  droplet  3 paths up  [0-9.]+ ms\n\Z")

    def test_a_server_that_does_not_know_our_key(self):
        """It is silent over UDP, and says so over TCP: to a probe, or to a query where only UDP is probed. Nothing that
        could come later is waited for."""
        self.pair()
        self.key("other.key")
        for query, paths in (("", 3), ("?proto=udp", 2), ("?proto=tcp", 1)):
            began = time.monotonic()
            done = self.floatprobe("ping", self.uri.partition("?")[0] + query, "--key", "other.key", "--json", status=1)
            causes = [o["cause"] for o in self.objects(done.stdout) if o["type"] == "path"]
            self.assertEqual(causes, ["not-authorised"] * paths, query)
            self.assertLess(time.monotonic() - began, 3.8, "(count - 1) x spacing + timeout = 2.8 s")

    def test_a_key_cut_off_names_its_length(self):
        self.init_client()
        said = self.floatprobe("ping", "floatprobe://abc@127.0.0.1", "--key", "client/key", status=2).stderr
        self.assertIn("3 characters", said)


class Drops(Setup):
    def test_a_drop_counts_after_sighup(self):
        self.uri, line = self.init_server(), self.init_client()
        self.write("client/servers.d/boot-01.yaml", self.uri)
        server = self.serve()
        self.check("client/floatprobe.yaml", status=1)
        self.write("server/clients.d/fra-home.yaml", line)
        server.send_signal(signal.SIGHUP)
        wait_until("it is reloaded", lambda: "clients: 1" in self.read("server.log"))
        self.check("client/floatprobe.yaml")

    def test_two_addresses_of_one_server(self):
        self.pair()
        other = self.floatprobe("pubkey", "--uri", f"127.0.0.2:{self.port}", "server/floatprobed.key", status=0).stdout
        for text in (self.uri + "\n" + other, f"- {self.uri}\n- {other}"):
            self.write("client/servers.d/boot-01.yaml", text)
            paths = [o for o in self.objects(self.check("client/floatprobe.yaml").stdout) if o["type"] == "path"]
            self.assertEqual({o["target"] for o in paths}, {"boot-01", f"127.0.0.2:{self.port}"})
            self.assertEqual({o["server"] for o in paths}, {"boot-01"})

    def test_conflicts_name_both_places(self):
        self.pair()
        key = self.key("other.key")
        for side, names, lines in (
            ("client/servers.d", ("c.yaml", "d.yaml"), (f"boot-09: {key}\n", f"# again\nboot-09: {self.key('x.key')}\n")),
            ("server/clients.d", ("c.yaml", "d.yaml"), (f"ams: {key}\n", f"# again\nams: {self.key('y.key')}\n")),
            ("client/servers.d", ("c.yaml", "d.yaml"), (f"boot-08: {key}\n", f"# again\nboot-09: {key}\n")),
        ):
            for name, line in zip(names, lines):
                self.write(f"{side}/{name}", line)
            done = (self.floatprobe("config", "client/floatprobe.yaml", status=2) if side.startswith("client")
                    else self.floatprobed("--check-config", "server/floatprobed.yaml", status=2))  # fmt: skip
            self.assertRegex(done.stderr, rf"{side}/d.yaml:2:\d+: error: .* already in {side}/c.yaml:1;")
            for name in names:
                os.unlink(self.path(f"{side}/{name}"))

    def test_a_file_that_would_be_passed_over_is_named(self):
        self.pair()
        self.write("server/clients.d/ams", f"ams: {self.key('a.key')}\n")
        self.write("server/clients.d/.hidden", "x")
        self.write("server/clients.d/ams.yaml~", "x")
        said = self.floatprobed("--check-config", "server/floatprobed.yaml").stderr
        self.assertIn("clients.d/ams is not read", said)
        self.assertEqual(said.count("warning"), 1)

    def test_what_is_left_in_a_directory(self):
        """By editors, packages and mounts, or emptied for a while."""
        self.pair()
        drops = self.path("client/servers.d")
        for name in (".boot-01.yaml.swp", ".#boot-01.yaml", "boot-01.yaml~"):
            self.write(f"client/servers.d/{name}", "x: [")
        for name, text in (("comment", "# ed25519:x\n"), ("list", "[]"), ("map", "{}"), ("named", "servers: []")):
            self.write(f"client/servers.d/{name}.yaml", text)
        for name in ("..2026", "sub", "sub.yaml"):
            os.mkdir(f"{drops}/{name}")
        os.rename(f"{drops}/boot-01.yaml", f"{drops}/..2026/boot-01.yaml")
        os.symlink("..2026", f"{drops}/..data")
        os.symlink("..data/boot-01.yaml", f"{drops}/boot-01.yaml")
        done = self.floatprobe("config", "client/floatprobe.yaml", status=0)
        self.assertIn("paths: 3", done.stdout)
        for name in ("sub", "sub.yaml"):
            self.assertIn(f"{name} is not read: it is a directory", done.stderr)
        self.assertEqual(done.stderr.count("warning"), 2)
        self.write("client/servers.d/empty.yaml", "\n")  # it may have lost its content
        self.assertIn("client/servers.d/empty.yaml: error: the file is empty",
                      self.floatprobe("config", "client/floatprobe.yaml", status=2).stderr)  # fmt: skip

    def test_lines_that_are_pasted_on_the_wrong_side(self):
        self.pair()
        line = self.read("server/clients.d/fra-home.yaml").strip()
        for text, said in ((self.uri, "is the line of a server, for servers_from of its clients"), (f"- {line}", "is no client"),
                           (line.replace(": ", ":"), "NAME: ed25519:KEY"), (line.split()[1], "is no client")):  # fmt: skip
            self.write("server/clients.d/fra-home.yaml", text)
            error = self.floatprobed("--check-config", "server/floatprobed.yaml", status=2).stderr
            self.assertRegex(error, rf"\Aserver/clients\.d/fra-home\.yaml:1:\d: error: .*{said}")
        self.write("client/servers.d/boot-01.yaml", line)
        error = self.floatprobe("config", "client/floatprobe.yaml", status=2).stderr
        self.assertIn("is this host's own key; write the key of the other host", error)
        self.write("server/clients.d/fra-home.yaml", f"boot-01: {self.floatprobe('pubkey', 'server/floatprobed.key', status=0).stdout}")
        self.assertIn("is this host's own key", self.floatprobed("--check-config", "server/floatprobed.yaml", status=2).stderr)

    def test_a_section_is_a_file_too(self):
        """What stood in the configuration, moved to a file of its own."""
        self.pair()
        line = self.read("server/clients.d/fra-home.yaml").strip()
        self.write("server/clients.d/fra-home.yaml", f"clients:\n  {line}\n")
        self.assertIn(line, self.floatprobed("--check-config", "server/floatprobed.yaml").stdout)
        self.write("client/servers.d/boot-01.yaml", f"servers: [ '{self.uri}' ]\n")
        self.check("client/floatprobe.yaml")

    def test_uris_with_comments_between(self):
        self.pair()
        self.write("client/servers.d/boot-01.yaml", f"# one\n{self.uri}\n# two\n{self.uri.replace('127.0.0.1', '127.0.0.2')}\n")
        error = self.floatprobe("config", "client/floatprobe.yaml", status=2).stderr
        self.assertRegex(error, r'boot-01\.yaml:4:1: error: .* or begin each of several values with "- "')

    def test_names_that_are_given_twice_are_listed_once(self):
        self.pair()
        key = self.key("a.key")
        self.write("client/floatprobe.yaml", self.read("client/floatprobe.yaml") + f"servers: {{ ams: '{key}' }}\n")
        self.write("client/servers.d/b.yaml", f"ams: {self.key('b.key')}\n")
        self.write("client/targets.d/t.yaml", "- { name: t, address: 127.0.0.9, server: nobody-there }\n")
        self.assertIn("known here: ams, boot-01\n", self.floatprobe("config", "client/floatprobe.yaml", status=2).stderr)

    def test_faults_have_their_place(self):
        self.pair()
        self.write("client/servers.d/x.yaml", "\n- floatprobe://abc@127.0.0.9\n- hello\n")
        said = self.floatprobe("config", "client/floatprobe.yaml", status=2).stderr
        self.assertIn("client/servers.d/x.yaml:2:16: error: the key has 3 characters", said)
        self.assertIn("client/servers.d/x.yaml:3:3: error", said)
        self.write("server/clients.d/x.yaml", "a: ed25519:short\n")
        self.assertIn("server/clients.d/x.yaml:1:4: error",
                      self.floatprobed("--check-config", "server/floatprobed.yaml", status=2).stderr)  # fmt: skip


class Rotation(Setup):
    def public(self, path):
        return self.floatprobe("pubkey", path, status=0).stdout.strip()

    def test_a_client_has_two_keys_while_it_changes(self):
        self.pair()
        new = self.key("client/new.key")
        self.write("server/clients.d/fra-home.yaml", f"fra-home: [ {self.public('client/key')}, {new} ]")
        self.server.send_signal(signal.SIGHUP)
        wait_until("it is reloaded: one client, with two keys", lambda: "reloaded server/floatprobed.yaml; clients: 1," in self.read("server.log"))
        self.check("client/floatprobe.yaml")
        os.replace(self.path("client/new.key"), self.path("client/key"))
        self.check("client/floatprobe.yaml")

    def test_a_server_has_two_lines_while_its_key_changes(self):
        self.pair()
        self.key("server/new.key")
        new = self.floatprobe("pubkey", "--uri", f"127.0.0.1:{self.port}", "server/new.key", status=0).stdout
        self.write("client/servers.d/boot-01-new.yaml", new)
        self.check("client/floatprobe.yaml")
        self.server.terminate()
        self.server.wait(30)
        os.unlink(self.path("server.log"))  # the next one is ready when it says so itself
        os.replace(self.path("server/new.key"), self.path("server/floatprobed.key"))
        self.serve()
        rows = [o for o in self.objects(self.check("client/floatprobe.yaml").stdout) if o["type"] == "path"]
        self.assertEqual({(o["target"], o["server"]) for o in rows}, {("boot-01", "boot-01")})
        self.write("client/servers.d/boot-01-new.yaml", new.replace("127.0.0.1", "127.0.0.2"))
        self.assertIn("'boot-01' is already in", self.floatprobe("config", "client/floatprobe.yaml", status=2).stderr)

    def serve(self, directory="server"):
        self.server = super().serve(directory)
        return self.server

    def test_a_server_has_two_keys_while_it_changes(self):
        self.pair()
        old, new = self.public("server/floatprobed.key"), self.key("server/new.key")
        self.write("client/servers.d/boot-01.yaml", f"boot-01: [ {old}, {new} ]")
        target = f"- {{ name: a, address: 127.0.0.1, port: {self.port}, server: boot-01 }}"
        self.write("client/targets.d/a.yaml", target)
        self.check("client/floatprobe.yaml")
        self.server.terminate()
        self.server.wait(30)
        os.replace(self.path("server/new.key"), self.path("server/floatprobed.key"))
        self.write("server.log", "")
        self.serve()
        paths = [o for o in self.objects(self.check("client/floatprobe.yaml").stdout) if o["type"] == "path"]
        self.assertEqual({o["server"] for o in paths}, {"boot-01"})


class Places(Setup):
    def test_the_users_place(self):
        self.uri, line = self.init_server(directory=".config/floatprobe"), self.init_client(directory=".config/floatprobe")
        self.write(".config/floatprobe/servers.d/boot-01.yaml", self.uri)
        self.write(".config/floatprobe/clients.d/fra-home.yaml", line)
        self.start(cli.FLOATPROBED, name="server")
        wait_until("it listens", lambda: "listening on" in self.read("server.log"))
        self.check()
        self.floatprobe("ping", self.uri, *cli.QUICK, status=0)
        self.floatprobe("config", status=0)
        self.floatprobe("pubkey", status=0)
        self.assertEqual(self.floatprobe("pubkey", "--uri", f"127.0.0.1:{self.port}", status=0).stdout.strip(), self.uri)

    def test_without_any_the_places_are_named(self):
        self.env["XDG_CONFIG_HOME"] = self.path("xdg")
        for done, file in ((self.floatprobe("check", status=2), "floatprobe.yaml"), (self.floatprobe("run", status=2), "floatprobe.yaml"),
                           (self.floatprobed(status=2), "floatprobed.yaml")):  # fmt: skip
            self.assertIn(f"{self.path('xdg')}/floatprobe/{file} and /etc/floatprobe/{file}", done.stderr)
            self.assertIn("init", done.stderr)
        done = self.floatprobe("check", "--format", "nagios", status=3)
        self.assertRegex(done.stdout, r"\AFLOATPROBE UNKNOWN - there is no configuration")

    def test_a_file_twice(self):
        self.floatprobe("check", "a", "--config", "b", status=2)
        self.floatprobed("a", "--config", "b", status=2)

    def test_pipes_and_stdin(self):
        self.pair()
        text = self.read("client/floatprobe.yaml")
        directory = self.path("client")
        self.check("-", cwd=directory, stdin=None, input=text)
        self.check("--config", "-", cwd=directory, stdin=None, input=text)
        self.check("/dev/stdin", cwd=directory, stdin=None, input=text)
        script = '"$0" check <(cat floatprobe.yaml) --count 1 --timeout 500ms'
        done = subprocess.run(["bash", "-c", script, cli.FLOATPROBE], check=False, cwd=directory, env=self.env,
                              capture_output=True, text=True)  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        said = self.floatprobe("config", "-", status=2, stdin=None, input="servers: {}\ncolour: blue\n").stderr
        self.assertIn("stdin:2:1: error: colour", said)

    def test_a_pipe_is_not_read_again(self):
        self.pair()
        text = self.read("client/floatprobe.yaml")
        daemon = self.start(cli.FLOATPROBE, "run", "-", cwd=self.path("client"), stdin=subprocess.PIPE,
                            stdout=subprocess.DEVNULL)  # fmt: skip
        daemon.stdin.write(text.encode())
        daemon.stdin.close()
        wait_until("it probes", lambda: "probing" in self.log())
        daemon.send_signal(signal.SIGHUP)
        wait_until("it says so", lambda: "cannot be read again" in self.log())
        self.end(daemon)

    def test_run_narrows(self):
        self.pair()
        self.write("client/targets.d/a.yaml", f"- {{ name: a, address: 127.0.0.3, port: {self.port} }}")
        with open(self.path("out.jsonl"), "wb") as out:
            daemon = self.start(cli.FLOATPROBE, "run", "client/floatprobe.yaml", "--target", "a", stdout=out)
        wait_until("it has a path", lambda: '"path"' in self.read("out.jsonl") or '"change"' in self.read("out.jsonl"))
        daemon.send_signal(signal.SIGHUP)
        wait_until("it is reloaded", lambda: "reloaded" in self.log())
        self.end(daemon)
        self.assertEqual({o["target"] for o in self.objects(self.read("out.jsonl")) if "target" in o}, {"a"})
        self.assertIn("targets are", self.floatprobe("run", "client/floatprobe.yaml", "--target", "b", status=2).stderr)


class Secrets(Setup):
    def test_no_error_repeats_a_secret(self):
        self.init_client()
        bare = SECRET.removeprefix("floatprobe-secret:")
        self.write("c.yaml", f"key: {SECRET}\nservers: {{ a: {SECRET}, {bare}: x }}\n{SECRET}x: 1\n")
        for secret in (SECRET, bare, SECRET.replace(":", "%3A"), SECRET.upper().replace(bare.upper(), bare)):
            for arguments in (("pubkey", secret), ("check", secret), ("run", "--config", secret), ("keygen", secret), (secret,),
                              ("ping", f"floatprobe://{secret}@127.0.0.1"), ("ping", secret), ("ping", "x", "--key", secret),
                              ("check", "client/floatprobe.yaml", "--target", secret), ("check", f"--{secret}"),
                              ("init", "--name", secret), ("pubkey", "client/key", "--uri", secret),
                              ("check", "c.yaml"), ("check", "--format", "nagios", secret),
                              ("check", "--format", "nagios", "c.yaml")):  # fmt: skip
                done = subprocess.run((cli.FLOATPROBE, *arguments), check=False, capture_output=True, text=True, cwd=self.dir,
                                      env=self.env)  # fmt: skip
                self.assertIn(done.returncode, (2, 3), arguments)
                self.assertNotIn(bare, done.stdout + done.stderr)
                self.assertNotIn(bare[10:30], done.stdout + done.stderr)
        self.assertNotIn(bare, self.floatprobed(SECRET, status=2).stderr)


class Handed(Setup):
    """Keys that systemd or Kubernetes hands over."""

    def test_a_credential_of_systemd(self):
        self.pair()
        os.makedirs(self.path("credentials"))
        os.rename(self.path("client/key"), self.path("credentials/key"))
        os.chmod(self.path("credentials/key"), 0o400)
        self.floatprobe("config", "client/floatprobe.yaml", status=2)
        self.env["CREDENTIALS_DIRECTORY"] = self.path("credentials")
        self.check("client/floatprobe.yaml")

    def test_a_secret_of_kubernetes(self):
        self.pair()
        os.makedirs(self.path("secret/..2026"))
        os.rename(self.path("client/key"), self.path("secret/..2026/key"))
        os.chmod(self.path("secret/..2026/key"), 0o440)
        os.symlink("..2026", self.path("secret/..data"))
        os.symlink("..data/key", self.path("secret/key"))
        text = self.read("client/floatprobe.yaml").replace("key: key", "key: ../secret/key")
        self.write("client/floatprobe.yaml", text)
        self.check("client/floatprobe.yaml")

    def test_others_may_not_read_it(self):
        self.init_client()
        for mode in (0o444, 0o644, 0o604, 0o660, 0o620, 0o640, 0o610):
            os.chmod(self.path("client/key"), mode)
            self.assertIn("chmod 600", self.floatprobe("pubkey", "client/key", status=2).stderr)

    @cli.as_root
    def test_a_group_that_this_process_is_not_in(self):
        self.init_client()
        os.chmod(self.dir, 0o755)
        os.chmod(self.path("client"), 0o755)
        os.chmod(self.path("client/key"), 0o440)
        os.chown(self.path("client/key"), 0, 4242)
        program = self.path("floatprobe")  # a place that others can look into
        shutil.copy(cli.FLOATPROBE, program)
        for options, status in (({"group": 4242}, 0), ({"group": 4243, "extra_groups": [4242]}, 0), ({"group": 4243}, 2)):
            with self.subTest(options):
                done = subprocess.run((program, "pubkey", "client/key"), check=False, capture_output=True, text=True,
                                      cwd=self.dir, user=4241, **({"extra_groups": []} | options))  # fmt: skip
                self.assertEqual(done.returncode, status, done.stderr)


if __name__ == "__main__":
    cli.main()
