#include "server/descriptors.h"

#include "common/system/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LOOK_MS = 1000 };

static bool has_none(void)
{
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EMFILE;
}

void descriptors_look(struct descriptors *d, uint64_t now_ms)
{
	struct rlimit limit = { 0 };
	bool out;

	if (now_ms - d->looked_ms < LOOK_MS)
		return;
	d->looked_ms = now_ms;
	out = has_none();
	if (out && !d->out) {
		d->exhausted++;
		getrlimit(RLIMIT_NOFILE, &limit);
		log_warning("out of descriptors: all %llu are in use, and new TCP connections are closed at once; "
			    "raise the limit (LimitNOFILE) or lower limits.tcp_slots",
			    (unsigned long long)limit.rlim_cur);
	} else if (d->out && !out) {
		log_info("there are descriptors again, and new TCP connections are accepted");
	}
	d->out = out;
}
