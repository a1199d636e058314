#include "common/system/keyfile.h"

#include "common/core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_PREFIX "floatprobe-secret:"
#define PUBLIC_PREFIX "ed25519:"

enum {
	BASE64_LEN = 44,
	SECRET_LEN = sizeof SECRET_PREFIX - 1 + BASE64_LEN,
	GROUPS_MAX = 256,
	CONTENT_MAX = SECRET_LEN + 64, /* what follows shows whether it is only white space */
};

static bool fail(char error[KEYFILE_ERROR_LEN], const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(char error[KEYFILE_ERROR_LEN], const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(error, KEYFILE_ERROR_LEN, format, args);
	va_end(args);
	return false;
}

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Thirty-two octets have one text: libsodium (1.0.18) also takes octets above 127 for digits. */
static bool decode(const char *text, size_t len, int variant, uint8_t octets[32])
{
	char again[BASE64_LEN + 1];
	size_t octets_len;
	bool ok = sodium_base642bin(octets, 32, text, len, NULL, &octets_len, NULL, variant) == 0 && octets_len == 32;

	if (ok) {
		sodium_bin2base64(again, sizeof again, octets, 32, variant);
		ok = strlen(again) == len && memcmp(again, text, len) == 0;
		sodium_memzero(again, sizeof again);
	}
	return ok;
}

/* Also true for the group root, which systemd and Kubernetes use for secrets that an ACL or a mount protects. */
static bool is_own_group(gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	int len = getgroups(GROUPS_MAX, groups);

	for (int i = 0; i < len; i++) {
		if (groups[i] == gid)
			return true;
	}
	return gid == 0 || gid == getegid();
}

/* A secret that systemd or Kubernetes hands to a service is often readable by a group of the service. It is accepted if
 * the group is how this process reads it: it belongs to root, or nobody may write it. */
static bool check_mode(const char *path, const struct stat *st, char error[KEYFILE_ERROR_LEN])
{
	bool readable_by_group = (st->st_mode & S_IRWXG) == S_IRGRP;
	bool handed_over = st->st_uid != geteuid() || !(st->st_mode & S_IWUSR);

	if (!(st->st_mode & (S_IRWXG | S_IRWXO)))
		return true;
	if ((st->st_mode & S_IRWXO) || !readable_by_group || !handed_over)
		return fail(error, "key file %s is accessible to other users (mode %04o); chmod 600 it", path,
			    (unsigned)st->st_mode & 07777);
	if (!is_own_group(st->st_gid))
		return fail(
		    error, "key file %s is accessible to group %u, to which this process does not belong; chmod 600 it",
		    path, (unsigned)st->st_gid);
	return true;
}

static bool check_file(const char *path, int fd, char error[KEYFILE_ERROR_LEN])
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return fail(error, "cannot read key file %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(error, "%s is not a regular file; write the path of a key file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return fail(
		    error,
		    "key file %s belongs to another user (uid %u); it must belong to the user who runs this program",
		    path, (unsigned)st.st_uid);
	return check_mode(path, &st, error);
}

/* Read the content as a string of at most len - 1 octets. */
static bool read_content(const char *path, char *content, size_t len, char error[KEYFILE_ERROR_LEN])
{
	/* O_NONBLOCK: open must not block on a FIFO, which check_file refuses. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fail(error, "cannot open key file %s: %s%s", path, strerror(errno),
			    errno == ENOENT ? "; `floatprobe keygen -o FILE` makes one" : "");
	bool ok = check_file(path, fd, error);
	ssize_t n = ok ? read(fd, content, len - 1) : 0;
	if (n < 0)
		ok = fail(error, "cannot read key file %s: %s", path, strerror(errno));
	content[n < 0 ? 0 : n] = '\0';
	close(fd);
	return ok;
}

/* An editor, a shell or a form may have added line feeds and blanks. */
static void trim_end(char *content)
{
	size_t len = strlen(content);
	while (len > 0 && strchr(" \t\r\n", content[len - 1]))
		content[--len] = '\0';
}

static bool parse_secret(const char *path, char *content, uint8_t seed[SEAL_SEED_LEN], char error[KEYFILE_ERROR_LEN])
{
	trim_end(content);
	if (!content[0])
		return fail(error, "%s is empty; remove it, and make one with `floatprobe keygen -o FILE`", path);
	if (starts_with(content, PUBLIC_PREFIX))
		return fail(error, "%s holds a public key; write the path of the secret key file", path);
	if (!starts_with(content, SECRET_PREFIX))
		return fail(error, "%s is not a floatprobe secret key; `floatprobe keygen -o FILE` makes one", path);
	char *text = content + strlen(SECRET_PREFIX);
	size_t len = strcspn(text, "\n");
	if (text[len] == '\n')
		return fail(error, "%s has more than one line; a secret key file is one line", path);
	if (!decode(text, len, sodium_base64_VARIANT_ORIGINAL, seed))
		return fail(error,
			    "the secret key in %s is damaged; expected 44 characters of base64 after \"" SECRET_PREFIX
			    "\"",
			    path);
	return true;
}

bool keyfile_read(const char *path, struct seal_identity *identity, char error[KEYFILE_ERROR_LEN])
{
	char content[CONTENT_MAX + 1] = "";
	uint8_t seed[SEAL_SEED_LEN];
	bool ok = read_content(path, content, sizeof content, error) && parse_secret(path, content, seed, error);
	if (ok)
		seal_identity_from_seed(identity, seed);
	sodium_memzero(content, sizeof content);
	sodium_memzero(seed, sizeof seed);
	return ok;
}

/* After an error the file does not exist. */
static bool write_content(const char *path, const char *content, size_t len, char error[KEYFILE_ERROR_LEN])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0 && errno == EEXIST)
		return fail(error, "%s already exists; key files are never overwritten, use another path", path);
	if (fd < 0)
		return fail(error, "cannot create key file %s: %s", path, strerror(errno));
	ssize_t n = write(fd, content, len);
	bool ok = n == (ssize_t)len && fsync(fd) == 0;
	int cause = n < 0 || n == (ssize_t)len ? errno : ENOSPC;
	if (close(fd) < 0 && ok) {
		ok = false;
		cause = errno;
	}
	if (ok)
		return true;
	unlink(path);
	return fail(error, "cannot write key file %s: %s", path, strerror(cause));
}

bool keyfile_create(const char *path, struct seal_identity *identity, char error[KEYFILE_ERROR_LEN])
{
	uint8_t seed[SEAL_SEED_LEN];
	char content[SECRET_LEN + 2] = SECRET_PREFIX;
	char *text = content + strlen(SECRET_PREFIX);
	randombytes_buf(seed, sizeof seed);
	sodium_bin2base64(text, BASE64_LEN + 1, seed, sizeof seed, sodium_base64_VARIANT_ORIGINAL);
	content[SECRET_LEN] = '\n';
	bool ok = write_content(path, content, SECRET_LEN + 1, error);
	if (ok)
		seal_identity_from_seed(identity, seed);
	sodium_memzero(content, sizeof content);
	sodium_memzero(seed, sizeof seed);
	return ok;
}

void keyfile_public_text(const uint8_t key[WIRE_KEY_LEN], char text[KEYFILE_PUBLIC_LEN])
{
	memcpy(text, PUBLIC_PREFIX, sizeof PUBLIC_PREFIX);
	sodium_bin2base64(text + strlen(PUBLIC_PREFIX), BASE64_LEN + 1, key, WIRE_KEY_LEN,
			  sodium_base64_VARIANT_ORIGINAL);
}

/* Refuse a key that is not on the curve, or of small order, when it is read: seal_pair_for_* would fail later. */
bool keyfile_public_usable(const uint8_t key[WIRE_KEY_LEN], char error[KEYFILE_ERROR_LEN])
{
	uint8_t converted[crypto_scalarmult_curve25519_BYTES];
	if (crypto_sign_ed25519_pk_to_curve25519(converted, key) != 0)
		return fail(error, "is not a usable Ed25519 public key; `floatprobe pubkey FILE` prints the right one");
	return true;
}

/* The digit of base64url for one of either alphabet. */
static char url_digit(char digit)
{
	if (digit == '+')
		return '-';
	if (digit == '/')
		return '_';
	return digit;
}

/* Forty-three digits of either alphabet. */
static bool decode_url(const char *text, size_t len, uint8_t key[WIRE_KEY_LEN])
{
	char digits[BASE64_LEN];
	for (size_t i = 0; i < len; i++)
		digits[i] = url_digit(text[i]);
	return decode(digits, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING, key);
}

bool keyfile_public_decode(const char *text, uint8_t key[WIRE_KEY_LEN], char error[KEYFILE_ERROR_LEN])
{
	if (starts_with(text, SECRET_PREFIX))
		return fail(
		    error,
		    "is a secret key, which only its owner may have; `floatprobe pubkey FILE` prints the public key");
	if (!starts_with(text, PUBLIC_PREFIX))
		return fail(error, "is not a public key; write \"" PUBLIC_PREFIX "\" and 44 characters of base64");
	const char *base64 = text + strlen(PUBLIC_PREFIX);
	size_t len = strlen(base64);
	if (len == BASE64_LEN - 1 && decode_url(base64, len, key))
		return fail(error, "has no \"=\" at its end; write the key as `floatprobe pubkey` prints it");
	if (len != BASE64_LEN)
		return fail(error, "has %zu character%s after \"" PUBLIC_PREFIX "\"; a public key has 44", len,
			    text_plural(len));
	if (strpbrk(base64, "-_"))
		return fail(error,
			    "is in the form of a URI, with - and _; write the key as `floatprobe pubkey` prints it");
	if (!decode(base64, len, sodium_base64_VARIANT_ORIGINAL, key))
		return fail(error,
			    "is not standard base64 of 32 octets after \"" PUBLIC_PREFIX "\"; copy the whole key");
	return true;
}

bool keyfile_public_parse(const char *text, uint8_t key[WIRE_KEY_LEN], char error[KEYFILE_ERROR_LEN])
{
	return keyfile_public_decode(text, key, error) && keyfile_public_usable(key, error);
}

bool keyfile_public_parse_url(const char *text, size_t len, uint8_t key[WIRE_KEY_LEN], char error[KEYFILE_ERROR_LEN])
{
	size_t prefix = len > strlen(PUBLIC_PREFIX) && starts_with(text, PUBLIC_PREFIX) ? strlen(PUBLIC_PREFIX) : 0;
	if (starts_with(text, SECRET_PREFIX))
		return fail(error,
			    "is a secret key, which only its owner may have; `floatprobe pubkey --uri ADDRESS` on "
			    "the server prints the URI");
	text += prefix;
	len -= prefix;
	if (len == BASE64_LEN && text[len - 1] == '=')
		len--;
	if (len != BASE64_LEN - 1)
		return fail(error, "the key has %zu character%s; a public key has 43 in base64url, without padding",
			    len, text_plural(len));
	if (!decode_url(text, len, key))
		return fail(error, "the key is not base64 of 32 octets; copy the whole key");
	return keyfile_public_usable(key, error);
}

void keyfile_public_text_url(const uint8_t key[WIRE_KEY_LEN], char text[KEYFILE_URL_LEN])
{
	sodium_bin2base64(text, KEYFILE_URL_LEN, key, WIRE_KEY_LEN, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
