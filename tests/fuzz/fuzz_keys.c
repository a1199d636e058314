/* Key files, and keys as text. A secret key is taken only as `keygen` writes it, but for white space behind it, and a
 * public key that is taken reads to the same again in both of its forms. No message repeats a secret. */
#include "common/system/keyfile.h"
#include "tests/fuzz/text.h"

#include <sodium.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_WORD = 16 }; /* so many characters of a key in a row are a part of it */

static const char secret_prefix[] = "floatprobe-secret:", public_prefix[] = "ed25519:";

/* The message is one line for people, and repeats no part of what may be a secret key. Its own words have no run of
 * base64 characters of this length. */
static void check_error(const char *error, const char *content)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(error), content_len = strlen(content);

	FUZZ_CHECK(len > 0 && len < KEYFILE_ERROR_LEN && !strchr(error, '\n'));
	for (size_t i = 0; i + SECRET_WORD <= content_len; i++) {
		char word[SECRET_WORD + 1] = { 0 };

		memcpy(word, content + i, SECRET_WORD);
		FUZZ_CHECK(strspn(word, base64) < SECRET_WORD || !strstr(error, word));
	}
}

/* The path of a file with these octets in it, which the whole run uses. */
static const char *file_of(const uint8_t *data, size_t size)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("key", MFD_CLOEXEC);
	FUZZ_CHECK(fd >= 0 && fchmod(fd, 0600) == 0 && ftruncate(fd, 0) == 0);
	FUZZ_CHECK(pwrite(fd, data, size, 0) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return path;
}

static void take_secret(const uint8_t *data, size_t size, const char *content)
{
	struct seal_identity identity;
	char error[KEYFILE_ERROR_LEN] = "",
	     base64[sodium_base64_ENCODED_LEN(SEAL_SEED_LEN, sodium_base64_VARIANT_ORIGINAL)];
	size_t prefix_len = strlen(secret_prefix);

	if (!keyfile_read(file_of(data, size), &identity, error)) {
		check_error(error, content);
		return;
	}
	sodium_bin2base64(base64, sizeof base64, identity.secret_key, SEAL_SEED_LEN, sodium_base64_VARIANT_ORIGINAL);
	FUZZ_CHECK(strncmp(content, secret_prefix, prefix_len) == 0);
	FUZZ_CHECK(strncmp(content + prefix_len, base64, strlen(base64)) == 0);
	FUZZ_CHECK(strspn(content + prefix_len + strlen(base64), " \t\r\n") ==
		   strlen(content + prefix_len + strlen(base64)));
}

static void check_public(const uint8_t key[WIRE_KEY_LEN])
{
	char text[KEYFILE_PUBLIC_LEN], url[KEYFILE_URL_LEN], error[KEYFILE_ERROR_LEN];
	uint8_t again[WIRE_KEY_LEN];

	keyfile_public_text(key, text);
	FUZZ_CHECK(keyfile_public_parse(text, again, error) && memcmp(again, key, WIRE_KEY_LEN) == 0);
	keyfile_public_text_url(key, url);
	FUZZ_CHECK(keyfile_public_parse_url(url, strlen(url), again, error) && memcmp(again, key, WIRE_KEY_LEN) == 0);
}

static void take_public(const char *text)
{
	char error[KEYFILE_ERROR_LEN] = "";
	uint8_t key[WIRE_KEY_LEN];

	if (keyfile_public_parse(text, key, error)) {
		FUZZ_CHECK(strncmp(text, public_prefix, strlen(public_prefix)) == 0);
		check_public(key);
	} else {
		check_error(error, text);
	}
	if (keyfile_public_parse_url(text, strlen(text), key, error))
		check_public(key);
	else
		check_error(error, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);

	FUZZ_CHECK(seal_start());
	take_secret(data, size, text);
	take_public(text);
	free(text);
	return 0;
}
