#include "config_fixture.h"

#include "common/system/directory.h"

#include <errno.h>

static struct seal_identity identity;
static char error[KEYFILE_ERROR_LEN];

static void expect_refused(const char *path, const char *part)
{
	if (keyfile_read(path, &identity, error))
		fail_msg("%s was accepted, expected \"%s\"", path, part);
	if (!strstr(error, part))
		fail_msg("%s: said \"%s\", expected \"%s\"", path, error, part);
}

static void made_file_is_read(void **state)
{
	struct seal_identity made;
	struct stat st;
	(void)state;
	umask(0);
	assert_true(keyfile_create("new.key", &made, error));
	umask(022);
	assert_int_equal(stat("new.key", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 63);
	assert_true(keyfile_read("new.key", &identity, error));
	assert_memory_equal(identity.public_key, made.public_key, sizeof made.public_key);
	assert_memory_equal(identity.secret_key, made.secret_key, sizeof made.secret_key);
	assert_memory_equal(identity.x25519_secret, made.x25519_secret, sizeof made.x25519_secret);
}

static void two_keys_differ(void **state)
{
	struct seal_identity one, two;
	(void)state;
	assert_true(keyfile_create("one.key", &one, error));
	assert_true(keyfile_create("two.key", &two, error));
	assert_memory_not_equal(one.public_key, two.public_key, sizeof one.public_key);
}

static void existing_file_is_kept(void **state)
{
	char before[KEYFILE_PUBLIC_LEN], after[KEYFILE_PUBLIC_LEN];
	(void)state;
	assert_true(keyfile_read("a.key", &identity, error));
	keyfile_public_text(identity.public_key, before);
	assert_false(keyfile_create("a.key", &identity, error));
	assert_non_null(strstr(error, "never overwritten"));
	assert_true(keyfile_read("a.key", &identity, error));
	keyfile_public_text(identity.public_key, after);
	assert_string_equal(before, after);
	assert_string_equal(before, KEY_A);
}

static void directories_are_made(void **state)
{
	char dir[] = "home/.config/floatprobe", below_a_file[] = "a.key/b/c";
	mode_t before = umask(0777);
	struct stat st;
	(void)state;
	assert_false(keyfile_create("home/.config/floatprobe/key", &identity, error));
	assert_true(directory_make(dir, 0700));
	umask(before);
	assert_true(directory_make(dir, 0755)); /* keeps its mode */
	assert_true(keyfile_create("home/.config/floatprobe/key", &identity, error));
	assert_int_equal(stat("home/.config", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_false(directory_make(below_a_file, 0700));
	assert_int_equal(errno, ENOTDIR);
	assert_false(keyfile_create("a.key/key", &identity, error));
	assert_non_null(strstr(error, "cannot create key file"));
}

static void unusable_files_are_refused(void **state)
{
	(void)state;
	expect_refused("none.key", "floatprobe keygen");
	expect_refused(".", "not a regular file");
	assert_int_equal(mkfifo("fifo.key", 0600), 0);
	expect_refused("fifo.key", "not a regular file");
	static const mode_t open_to_others[] = { 0640, 0604, 0620, 0602, 0644, 0666, 0777 };
	for (size_t i = 0; i < sizeof open_to_others / sizeof *open_to_others; i++) {
		assert_int_equal(chmod("b.key", open_to_others[i]), 0);
		expect_refused("b.key", "is accessible to other users");
	}
	assert_int_equal(chmod("b.key", 0400), 0);
	assert_true(keyfile_read("b.key", &identity, error));
	assert_int_equal(chmod("b.key", 0600), 0);
}

static void foreign_files_are_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	fixture_write_key("foreign.key", "floatprobe-secret:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	assert_int_equal(chown("foreign.key", 65534, 65534), 0);
	expect_refused("foreign.key", "another user (uid 65534)");
}

#define SEED "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void wrong_content_is_refused(void **state)
{
	static const struct {
		const char *content, *said;
	} cases[] = {
		{ "", "is empty" },
		{ "\n", "is empty" },
		{ KEY_A "\n", "holds a public key" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk", "not a floatprobe secret key" },
		{ "floatprobe-secret:\n", "damaged" },
		{ "floatprobe-secret:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "damaged" },
		{ "floatprobe-secret:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n", "damaged" },
		{ "floatprobe-secret:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n", "damaged" },
		{ "floatprobe-secret:AQAAAAAAAA\xb5"
		  "AAAAAAAAAtAAAAAAAAAAAAAAAAAd1AAA=\n",
		  "damaged" },
		{ "floatprobe-secret:" SEED "A\n", "damaged" },
		{ "floatprobe-secret:" SEED " x\n", "damaged" },
		{ "floatprobe-secret: " SEED "\n", "damaged" },
		{ "floatprobe-secret:" SEED "\nx", "more than one line" },
		{ "floatprobe-secret:" SEED "\n\nx", "more than one line" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fixture_write_key("wrong.key", cases[i].content);
		expect_refused("wrong.key", cases[i].said);
		assert_null(strstr(error, "AAAA"));
	}
	fixture_write_key("right.key", "floatprobe-secret:" SEED);
	assert_true(keyfile_read("right.key", &identity, error));
}

static void public_text_round_trip(void **state)
{
	uint8_t key[WIRE_KEY_LEN];
	char text[KEYFILE_PUBLIC_LEN];
	(void)state;
	assert_true(keyfile_public_parse(KEY_C, key, error));
	keyfile_public_text(key, text);
	assert_string_equal(text, KEY_C);
	assert_int_equal(strlen(text) + 1, KEYFILE_PUBLIC_LEN);
}

static void wrong_public_keys_are_refused(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "", "is not a public key" },
		{ "floatprobe-secret:" SEED, "is a secret key" },
		{ "ssh-ed25519 AAAA", "is not a public key" },
		{ "zswVB9wd3XKVlRwpCIjwla25BE0bc9aW5t8GXWg71Pw=", "is not a public key" },
		{ "ED25519:zswVB9wd3XKVlRwpCIjwla25BE0bc9aW5t8GXWg71Pw=", "is not a public key" },
		{ "ed25519:", "0 characters" },
		{ "ed25519:zswVB9wd3XKVlRwpCIjwla25BE0bc9aW5t8GXWg71Pw", "has no \"=\" at its end" },
		{ "ed25519:zswVB9wd3XKVlRwpCIjwla25BE0bc9aW5t8GXWg71Pw=\n", "45 characters" },
		{ "ed25519:2tvRhKLVJvHr3VwG_a2TWbIodZtNf3nWZon6JUqthUY=", "in the form of a URI" },
		{ "ed25519:zswVB9wd3XKVlRwpCIjwla25BE0bc9aW5t8GXWg71Px=", "standard base64" },
		{ "ed25519:zswVB9wd3XKVlRwpCIjwla25BE0bc9aW5t8GXWg71P==", "standard base64" },
		/* of small order: identity, and zero */
		{ "ed25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not a usable" },
		{ "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not a usable" },
	};
	uint8_t key[WIRE_KEY_LEN];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (keyfile_public_parse(cases[i].text, key, error))
			fail_msg("'%s' was accepted", cases[i].text);
		if (!strstr(error, cases[i].said))
			fail_msg("'%s': said \"%s\", expected \"%s\"", cases[i].text, error, cases[i].said);
	}
}

static void keys_of_uris(void **state)
{
	static const char url[] = "2tvRhKLVJvHr3VwG_a2TWbIodZtNf3nWZon6JUqthUY";
	uint8_t key[WIRE_KEY_LEN];
	char text[KEYFILE_PUBLIC_LEN];
	(void)state;
	assert_true(keyfile_public_parse_url(url, 43, key, error));
	keyfile_public_text(key, text);
	assert_string_equal(text, KEY_C);
	assert_false(keyfile_public_parse_url(url, 42, key, error));
	assert_non_null(strstr(error, "42 characters"));
	static const char *const same[] = { &KEY_C[8], KEY_C, "2tvRhKLVJvHr3VwG_a2TWbIodZtNf3nWZon6JUqthUY=" };
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		assert_true(keyfile_public_parse_url(same[i], strlen(same[i]), key, error));
		keyfile_public_text(key, text);
		assert_string_equal(text, KEY_C);
	}
	keyfile_public_text_url(key, text);
	assert_string_equal(text, url);
	static const char wrong[] = "2tvRhKLVJvHr3VwG!a2TWbIodZtNf3nWZon6JUqthUY";
	assert_false(keyfile_public_parse_url(wrong, 43, key, error));
	assert_non_null(strstr(error, "base64"));
	assert_false(keyfile_public_parse_url("", 0, key, error));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_file_is_read),
		cmocka_unit_test(two_keys_differ),
		cmocka_unit_test(existing_file_is_kept),
		cmocka_unit_test(directories_are_made),
		cmocka_unit_test(unusable_files_are_refused),
		cmocka_unit_test(foreign_files_are_refused),
		cmocka_unit_test(wrong_content_is_refused),
		cmocka_unit_test(public_text_round_trip),
		cmocka_unit_test(wrong_public_keys_are_refused),
		cmocka_unit_test(keys_of_uris),
	};
	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
