/* The journal of `run`: who writes which record, and when it reaches the file. Each probe is in one record of its path:
 * see docs/JOURNAL.md. */
#ifndef FLOATPROBE_RUN_JOURNAL_H
#define FLOATPROBE_RUN_JOURNAL_H

#include "client/config/config.h"
#include "client/path/path.h"
#include "client/verdict/verdict_evidence.h"
#include "common/system/journal.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct run_journal {
	const char *without; /* the file, if the configuration names none; set it before */
	struct journal *file;
	const struct config *config; /* the names of vantage and servers */
	uint32_t *scratch;           /* room for the round trips of one path */
	uv_timer_t flush;
};

/* Open the journal that the configuration names. Logs an error and returns false. */
bool run_journal_open(struct run_journal *journal, const struct config *config) __attribute__((warn_unused_result));
/* Use a journal with another name, or open it again under the same name, as log rotation needs it. Logs an error; then
 * the old file stays in use. */
void run_journal_reopen(struct run_journal *journal, const struct config *config);

/* Takes over the reference to object. */
void run_journal_write(struct run_journal *journal, json_t *object);

/* Account for the probes of a path, and write the stretches of losses that have ended. */
void run_journal_account(struct run_journal *journal, struct path *path);
/* A record of the path with this verdict. Its interval ends here. */
void run_journal_path(struct run_journal *journal, struct path *path, const struct verdict *verdict);
/* The last record of a path that is not probed any more. verdict: NULL, or the newest one. why: a word for `ended`. */
void run_journal_end(struct run_journal *journal, struct path *path, const struct verdict *verdict, const char *why);

#endif
