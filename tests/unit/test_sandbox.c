/* What a confined process can and cannot do. Each test confines a child, as it cannot be undone. */
#include "common/system/landlock.h"
#include "common/system/sandbox.h"
#include "common/system/syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SKIPPED = 77, PATH_LEN = 64 };

/* Report the first expectation that fails, and end the child. */
#define EXPECT(condition)                                                                                              \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno);              \
			_exit(1);                                                                                      \
		}                                                                                                      \
	} while (0)

static void in_child(void (*test)(const char *dir))
{
	char dir[] = "/tmp/floatprobe-sandbox-XXXXXX", file[PATH_LEN];
	int status;
	pid_t child;

	assert_non_null(mkdtemp(dir));
	child = fork();
	if (child == 0) {
		test(dir);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	snprintf(file, sizeof file, "%s/journal", dir);
	unlink(file);
	rmdir(dir);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void write_only_there(const char *dir)
{
	const char *const dirs[] = { dir, NULL };
	char inside[PATH_LEN];
	int fd;

	snprintf(inside, sizeof inside, "%s/journal", dir);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!landlock_writes(dirs))
		_exit(SKIPPED);
	fd = open(inside, O_WRONLY | O_CREAT | O_APPEND, 0600);
	EXPECT(fd >= 0 && write(fd, "x", 1) == 1 && ftruncate(fd, 0) == 0);
	EXPECT(open("/dev/null", O_WRONLY) >= 0);
	EXPECT(open("/etc/passwd", O_RDONLY) >= 0);
	EXPECT(open("/tmp/floatprobe-sandbox", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES);
	EXPECT(execl("/bin/true", "true", NULL) < 0 && errno == EACCES);
}

static void writes_are_limited(void **state)
{
	(void)state;
	in_child(write_only_there);
}

static void *nothing(void *context)
{
	return context;
}

static void call_only_these(const char *dir)
{
	pthread_t thread;

	(void)dir;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!syscall_filter_start())
		_exit(SKIPPED);
	EXPECT(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
	EXPECT(pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0);
	EXPECT(fork() < 0 && errno == EPERM);
	EXPECT(execl("/bin/true", "true", NULL) < 0 && errno == EPERM);
	EXPECT(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 && errno == EPERM);
	EXPECT(kill(getppid(), 0) < 0 && errno == EPERM);
	EXPECT(memfd_create("x", 0) < 0 && errno == EPERM);
}

static void system_calls_are_limited(void **state)
{
	(void)state;
	in_child(call_only_these);
}

static void confine_all(const char *dir)
{
	char journal[PATH_LEN];
	struct sandbox sandbox = { .written = { journal } };

	snprintf(journal, sizeof journal, "%s/journal", dir);
	sandbox_confine(&sandbox);
	EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	EXPECT(open(journal, O_WRONLY | O_CREAT, 0600) >= 0);
	EXPECT(open("/tmp/floatprobe-sandbox", O_WRONLY | O_CREAT, 0600) < 0);
}

static void a_daemon_is_confined(void **state)
{
	(void)state;
	in_child(confine_all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_are_limited),
		cmocka_unit_test(system_calls_are_limited),
		cmocka_unit_test(a_daemon_is_confined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
