#include "common/system/directory.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Returns 0 or errno. One that exists keeps its mode. */
static int make_one(const char *path, mode_t mode)
{
	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? 0 : errno;
	return chmod(path, mode) < 0 ? errno : 0;
}

bool directory_make(char *path, mode_t mode)
{
	char *failed = NULL;
	int error, first = 0;

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		error = make_one(path, mode);
		*slash = '/';
		if (!error || failed)
			continue;
		failed = slash;
		first = error;
	}
	error = make_one(path, mode);
	/* An automounter refuses to make what exists, so only now it is known that the first failure matters. */
	if (error == ENOENT && failed) {
		*failed = '\0';
		error = first;
	}
	errno = error;
	return error == 0;
}
