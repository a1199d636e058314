#include "client/keygen.h"

#include "client/config/config.h"
#include "client/output/exit_status.h"
#include "common/config/alloc.h"
#include "common/config/places.h"
#include "common/system/directory.h"
#include "common/system/keyfile.h"
#include "common/system/log.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_public(const struct seal_identity *identity)
{
	char text[KEYFILE_PUBLIC_LEN];
	keyfile_public_text(identity->public_key, text);
	puts(text);
}

static int generate_at(const char *path)
{
	char error[KEYFILE_ERROR_LEN];
	struct seal_identity identity;

	if (!keyfile_create(path, &identity, error)) {
		log_error("%s", error);
		return EXIT_STATUS_USAGE;
	}
	print_public(&identity);
	sodium_memzero(&identity, sizeof identity);
	return EXIT_STATUS_EXPECTED;
}

int keygen_generate(const char *path)
{
	if (path && strcmp(path, "-") == 0) {
		log_error("-o - would show the secret key; write the path of a file");
		return EXIT_STATUS_USAGE;
	}
	if (path)
		return generate_at(path);

	char *dir = places_user();
	if (!dir) {
		log_error(
		    "no default path for the key: neither XDG_CONFIG_HOME nor HOME is set; give a file with -o FILE");
		return EXIT_STATUS_USAGE;
	}
	char *default_path = alloc_format("%s/" CONFIG_KEY_NAME, dir);
	int status = EXIT_STATUS_USAGE;

	if (directory_make(dir, 0700))
		status = generate_at(default_path);
	else
		log_error("cannot make the directory %s: %s", dir, strerror(errno));
	if (status == EXIT_STATUS_EXPECTED)
		log_info("the secret key is in %s", default_path);
	free(default_path);
	free(dir);
	return status;
}

int keygen_print_public(const char *path)
{
	char error[KEYFILE_ERROR_LEN];
	struct seal_identity identity;
	char *found = path ? NULL : places_find(CONFIG_KEY_NAME);

	if (!path && !found) {
		char *places = places_text(CONFIG_KEY_NAME);
		log_error("there is no key: looked for %s; `floatprobe keygen` makes one", places);
		free(places);
		return EXIT_STATUS_USAGE;
	}
	bool ok = keyfile_read(path ? path : found, &identity, error);
	if (ok)
		print_public(&identity);
	else
		log_error("%s", error);
	sodium_memzero(&identity, sizeof identity);
	free(found);
	return ok ? EXIT_STATUS_EXPECTED : EXIT_STATUS_USAGE;
}
