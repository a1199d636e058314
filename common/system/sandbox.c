#include "common/system/sandbox.h"

#include "common/system/capability.h"
#include "common/system/landlock.h"
#include "common/system/log.h"
#include "common/system/syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { CREATE_FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, CREATE_MODE = 0640 };

static const char *const users[] = { "floatprobe", "nobody" };

/* Write the directory of a file into `dir`. Returns false for a path that is too long. */
static bool directory_of(const char *file, char dir[PATH_MAX])
{
	char copy[PATH_MAX];

	if (strlen(file) >= sizeof copy)
		return false;
	strcpy(copy, file);
	strcpy(dir, dirname(copy));
	return true;
}

/* Returns NULL with errno 0 if there is no such user. */
static const struct passwd *find_user(const char *configured)
{
	const struct passwd *user;

	errno = 0;
	user = configured ? getpwnam(configured) : NULL;
	for (size_t i = 0; !configured && !user && i < sizeof users / sizeof users[0]; i++)
		user = getpwnam(users[i]);
	return user;
}

static bool may(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 || errno != EACCES;
}

static bool may_replace(const char *file)
{
	char dir[PATH_MAX];

	return directory_of(file, dir) && may(dir, W_OK | X_OK) && may(file, W_OK);
}

/* The capabilities that make up for what the effective user may not. */
static uint64_t missing_access(const struct sandbox *sandbox)
{
	uint64_t needed = 0;

	for (size_t i = 0; i < SANDBOX_PATHS_MAX; i++) {
		if (sandbox->readable[i] && !may(sandbox->readable[i], R_OK))
			needed |= SANDBOX_CAPABILITY(CAP_DAC_READ_SEARCH);
		if (sandbox->written[i] && !may_replace(sandbox->written[i]))
			needed |= SANDBOX_CAPABILITY(CAP_DAC_OVERRIDE);
	}
	if (sandbox->socket && !may_replace(sandbox->socket))
		needed |= SANDBOX_CAPABILITY(CAP_DAC_OVERRIDE);
	return needed;
}

/* What the files need beyond the permissions of the user. The kernel takes the capabilities out of effect while the
 * user is not root. */
static uint64_t capabilities_for_files(const struct sandbox *sandbox, const struct passwd *user)
{
	uint64_t needed = 0;

	if (initgroups(user->pw_name, user->pw_gid) < 0 || setegid(user->pw_gid) < 0)
		return 0;
	if (seteuid(user->pw_uid) == 0) {
		needed = missing_access(sandbox);
		if (seteuid(0) < 0)
			abort();
	}
	if (setegid(0) < 0)
		abort(); /* it could become another user a moment ago */
	return needed;
}

/* A file in a directory of root belongs to root, too, so that root without capabilities can go on with it. */
static void create_for_root(const struct sandbox *sandbox)
{
	for (size_t i = 0; i < SANDBOX_PATHS_MAX; i++) {
		int fd = sandbox->written[i] ? open(sandbox->written[i], CREATE_FLAGS, CREATE_MODE) : -1;
		if (fd >= 0)
			close(fd);
	}
}

/* Real, effective and saved ids become the user's, which cannot be undone. The capabilities that are permitted stay. */
static bool become(const struct passwd *user)
{
	return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && initgroups(user->pw_name, user->pw_gid) == 0 &&
	       setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
	       setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0;
}

/* A container may leave root without the capabilities that make up for the permissions of the user. */
static void log_user(const struct passwd *user, uint64_t for_files)
{
	if (for_files & SANDBOX_CAPABILITY(CAP_DAC_OVERRIDE) && !capability_have(CAP_DAC_OVERRIDE))
		log_warning("running as user %s, who may not create the journal there", user->pw_name);
	else if (for_files & SANDBOX_CAPABILITY(CAP_DAC_READ_SEARCH) && !capability_have(CAP_DAC_READ_SEARCH))
		log_warning("running as user %s, who may not read the configuration: a reload will fail",
			    user->pw_name);
	else if (for_files & SANDBOX_CAPABILITY(CAP_DAC_OVERRIDE))
		log_info("running as user %s with CAP_DAC_OVERRIDE, as only root can create the journal there",
			 user->pw_name);
	else if (for_files)
		log_info("running as user %s with CAP_DAC_READ_SEARCH, as only root can read the configuration",
			 user->pw_name);
	else
		log_info("running as user %s", user->pw_name);
}

bool sandbox_drop_root(const struct sandbox *sandbox)
{
	const struct passwd *user;
	uint64_t for_files;

	if (geteuid() != 0)
		return true;
	user = find_user(sandbox->user);
	if (!user && errno == ENOMEM) {
		log_error("out of memory for the user that floatprobe would become");
		return false;
	}
	if (sandbox->user && !user) {
		log_error("there is no user '%s' on this host; create it, or set another `user`", sandbox->user);
		return false;
	}
	if (user && user->pw_uid == 0)
		return true;
	for_files = user ? capabilities_for_files(sandbox, user) : 0;
	if (for_files & SANDBOX_CAPABILITY(CAP_DAC_OVERRIDE))
		create_for_root(sandbox);
	if (!user || !become(user)) {
		log_warning("still running as root: cannot become user %s: %s", user ? user->pw_name : users[0],
			    user ? strerror(errno) : "this host has no such user");
		return sandbox->user == NULL;
	}
	capability_set(sandbox->capabilities | sandbox->opening | for_files);
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* or /proc/self belongs to root */
	log_user(user, for_files);
	return true;
}

static void confine_writes(const struct sandbox *sandbox)
{
	char dirs[SANDBOX_PATHS_MAX + 1][PATH_MAX];
	const char *list[SANDBOX_PATHS_MAX + 2] = { 0 };
	size_t len = 0;

	for (size_t i = 0; i <= SANDBOX_PATHS_MAX; i++) {
		const char *file = i < SANDBOX_PATHS_MAX ? sandbox->written[i] : sandbox->socket;

		if (file && directory_of(file, dirs[len])) {
			list[len] = dirs[len];
			len++;
		}
	}
	if (!landlock_writes(list))
		log_info("this kernel has no Landlock: writes are limited by the permissions of the user only");
}

void sandbox_confine(const struct sandbox *sandbox)
{
	const uint64_t for_files = SANDBOX_CAPABILITY(CAP_DAC_READ_SEARCH) | SANDBOX_CAPABILITY(CAP_DAC_OVERRIDE);

	capability_set(sandbox->capabilities | for_files);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_warning("cannot give up new privileges: %s", strerror(errno));
	confine_writes(sandbox);
	if (!syscall_filter_start())
		log_info("system calls are not filtered: this build or this kernel has no seccomp, or memory is out");
}
