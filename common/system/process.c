#include "common/system/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Opened for reading, so that a command whose results go nowhere fails. */
static void occupy_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			abort();
	}
}

void process_start(void)
{
	occupy_standard_files();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static void mask_hangup(int how)
{
	sigset_t hangup;

	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	sigprocmask(how, &hangup, NULL);
}

void process_hold_reload(void)
{
	mask_hangup(SIG_BLOCK);
}

void process_hear_reload(void)
{
	mask_hangup(SIG_UNBLOCK);
}
