#include "common/config/places.h"

#include "common/config/alloc.h"

#include <stdlib.h>
#include <unistd.h>

char *places_user(void)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	/* The XDG base directory specification: relative paths in the variable are ignored. */
	if (base && *base == '/')
		return alloc_format("%s/floatprobe", base);
	return home && *home ? alloc_format("%s/.config/floatprobe", home) : NULL;
}

char *places_new(void)
{
	return geteuid() == 0 ? alloc_text(PLACES_HOST) : places_user();
}

/* Takes dir. A file that exists and cannot be read is found too, so that the error is about it. */
static char *find_in(char *dir, const char *name)
{
	char *path = dir ? alloc_format("%s/%s", dir, name) : NULL;

	free(dir);
	if (path && access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

char *places_find(const char *name)
{
	char *path = find_in(places_user(), name);

	return path ? path : find_in(alloc_text(PLACES_HOST), name);
}

char *places_text(const char *name)
{
	char *user = places_user();
	char *text = user ? alloc_format("%s/%s and " PLACES_HOST "/%s", user, name, name)
			  : alloc_format(PLACES_HOST "/%s", name);

	free(user);
	return text;
}
