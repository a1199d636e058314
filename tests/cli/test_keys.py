#!/usr/bin/python3 -B
"""keygen and pubkey: forms, places, modes, and what is refused."""

import os
import stat

import cli

PUBLIC = r"\Aed25519:[A-Za-z0-9+/]{43}=\n\Z"


class Keys(cli.TestCase):
    def assert_private(self, path):
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_public_key_on_stdout_secret_in_the_file(self):
        done = self.floatprobe("keygen", "-o", self.path("a.key"), status=0)
        self.assertRegex(done.stdout, PUBLIC)
        self.assertEqual(done.stderr, "")
        self.assert_private(self.path("a.key"))
        with open(self.path("a.key"), encoding="ascii") as file:
            secret = file.read()
        self.assertEqual(secret.count("\n"), 1)
        self.assertNotIn(secret.strip(), done.stdout)
        self.assertEqual(self.floatprobe("pubkey", self.path("a.key"), status=0).stdout, done.stdout)

    def test_white_space_behind_a_key_is_no_part_of_it(self):
        """A form, an editor of another system or a shell adds it."""
        public = self.key("a.key")
        with open(self.path("a.key"), encoding="ascii") as file:
            secret = file.read().strip()
        for end in ("", " \n", "\r\n", "\n\n", "\t \r\n \n"):
            with open(self.path("a.key"), "w", encoding="ascii", newline="") as file:
                file.write(secret + end)
            self.assertEqual(self.floatprobe("pubkey", self.path("a.key"), status=0).stdout.strip(), public)

    def test_every_identity_is_another(self):
        self.assertNotEqual(self.key("a.key"), self.key("b.key"))

    def test_the_umask_cannot_open_it(self):
        self.floatprobe("keygen", "-o", self.path("a.key"), status=0, umask=0)
        self.assert_private(self.path("a.key"))

    def test_default_place(self):
        done = self.floatprobe("keygen", status=0)
        place = self.path(".config/floatprobe/key")
        self.assertIn(place, done.stderr)
        self.assert_private(place)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(place)).st_mode), 0o700)
        self.assertEqual(self.floatprobe("pubkey", place, status=0).stdout, done.stdout)

        self.env["XDG_CONFIG_HOME"] = self.path("elsewhere")
        self.floatprobe("keygen", status=0)
        self.assert_private(self.path("elsewhere/floatprobe/key"))

    def test_without_a_home(self):
        del self.env["HOME"]
        self.assertIn("-o FILE", self.floatprobe("keygen", status=2).stderr)

    def test_a_path_that_is_mistyped_makes_nothing(self):
        self.assertIn("No such file", self.floatprobe("keygen", "-o", self.path("nope/a.key"), status=2).stderr)
        self.assertIn("secret", self.floatprobe("keygen", "-o", "-", status=2).stderr)
        self.assertEqual(os.listdir(self.dir), [])

    def test_never_overwrites(self):
        before = self.key("a.key")
        self.assertIn("a.key", self.floatprobe("keygen", "-o", self.path("a.key"), status=2).stderr)
        os.symlink(self.path("nowhere"), self.path("link"))
        self.floatprobe("keygen", "-o", self.path("link"), status=2)
        self.assertFalse(os.path.exists(self.path("nowhere")))
        self.assertEqual(self.floatprobe("pubkey", self.path("a.key"), status=0).stdout.strip(), before)

    def test_what_is_no_secret_key_file(self):
        public = self.key("a.key")
        os.chmod(self.path("a.key"), 0o640)
        for name in ("a.key", "nowhere", ".", self.write("text", "hello\n"), self.write("public", public + "\n"), "/dev/null"):
            if os.path.isfile(self.path(name)) and name != "a.key":
                os.chmod(self.path(name), 0o600)
            done = self.floatprobe("pubkey", self.path(name), status=2)
            self.assertEqual(done.stdout, "")
            self.assertTrue(done.stderr.startswith("floatprobe: error: "), done.stderr)


if __name__ == "__main__":
    cli.main()
