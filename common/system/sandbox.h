/* Confines a daemon to what it needs, so that a fault in a parser gives an attacker little.
 *
 * sandbox_drop_root, before any file is created or thread started: a process of root becomes an ordinary user, and
 * keeps the capabilities named (capabilities(7)). If only root can read the files that a reload reads again, or create
 * the journal, it also keeps CAP_DAC_READ_SEARCH or CAP_DAC_OVERRIDE. sandbox_confine, when the sockets are open and
 * before a thread starts: no new privileges, no write outside the directories named (landlock(7)), no system calls but
 * those of a network daemon (seccomp(2)), and no capability of sockets that are open now. What the kernel lacks is
 * logged and left out. */
#ifndef FLOATPROBE_SANDBOX_H
#define FLOATPROBE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#define SANDBOX_CAPABILITY(number) (UINT64_C(1) << (number))

enum { SANDBOX_PATHS_MAX = 8 };

struct sandbox {
	const char *user;                        /* who root becomes; NULL: "floatprobe", else "nobody" */
	const char *readable[SANDBOX_PATHS_MAX]; /* files that a reload reads again; NULL entries are skipped */
	const char *written[SANDBOX_PATHS_MAX];  /* files that are created or replaced; NULL entries are skipped */
	const char *socket;                      /* a Unix socket that is created or replaced; NULL: none */
	uint64_t capabilities;                   /* the daemon uses them as long as it runs */
	uint64_t opening;                        /* it uses them until its sockets are open */
};

/* Returns false if the user in the configuration cannot be taken; the error is logged. */
bool sandbox_drop_root(const struct sandbox *sandbox) __attribute__((warn_unused_result));
void sandbox_confine(const struct sandbox *sandbox);

#endif
