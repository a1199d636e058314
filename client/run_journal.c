#include "client/run_journal.h"

#include "client/output/result.h"
#include "common/system/clock.h"
#include "common/system/log.h"

#include <errno.h>
#include <string.h>

enum { FLUSH_MS = 1000 }; /* from a record to the next flush */

/* -- the file -- */

static const char *file_of(const struct run_journal *j, const struct config *config)
{
	return config->journal ? config->journal : j->without;
}

/* For the log. */
static const char *shown(const char *path)
{
	return strcmp(path, JOURNAL_STDOUT) == 0 ? "on standard output" : path;
}

bool run_journal_open(struct run_journal *j, const struct config *config)
{
	j->config = config;
	j->file = journal_open(file_of(j, config));
	if (!j->file)
		log_error("cannot open the journal %s: %s%s", shown(file_of(j, config)), strerror(errno),
			  journal_remedy(errno));
	return j->file != NULL;
}

/* A file that could not be opened at an earlier reload is tried again: what counts is the file that is written. */
void run_journal_reopen(struct run_journal *j, const struct config *config)
{
	const char *path = file_of(j, config);
	struct journal *other = NULL;
	bool ok;

	if (strcmp(path, journal_place(j->file)) == 0)
		ok = journal_reopen(j->file);
	else
		ok = (other = journal_open(path)) != NULL;
	if (!ok)
		log_error("cannot open the journal %s: %s; floatprobe goes on with what it has open%s", shown(path),
			  strerror(errno), journal_remedy(errno));
	if (!other)
		return;
	journal_close(j->file);
	j->file = other;
}

static void flush(uv_timer_t *timer)
{
	journal_flush(((struct run_journal *)timer->data)->file);
}

void run_journal_write(struct run_journal *j, json_t *object)
{
	journal_write(j->file, object);
	if (!uv_is_active((uv_handle_t *)&j->flush))
		uv_timer_start(&j->flush, flush, FLUSH_MS, 0);
}

/* -- paths -- */

/* Of PMTU probes nothing is said unless they show a limit. */
static bool is_untold(const struct path *p)
{
	return p->pmtu && !p->status.known;
}

static void write_stretches(struct run_journal *j, struct path *p)
{
	struct result_loss loss = { .name = result_name(j->config, p) };

	while (account_take_stretch(p->prober.account, &loss.stretch)) {
		if (is_untold(p))
			account_begin(p->prober.account, clock_mono_ns(), clock_real_ns());
		else
			run_journal_write(j, result_loss_json(&loss));
	}
}

void run_journal_account(struct run_journal *j, struct path *p)
{
	while (prober_account(&p->prober, clock_mono_ns()))
		write_stretches(j, p);
}

static void write_record(struct run_journal *j, struct path *p, const struct verdict *verdict, const char *ended)
{
	struct result_path result;
	struct result_account account;

	account_end_stretch(p->prober.account);
	write_stretches(j, p);
	result_record(j->config, p, verdict, ended, j->scratch, &result, &account);
	run_journal_write(j, result_path_json(&result));
}

void run_journal_path(struct run_journal *j, struct path *p, const struct verdict *verdict)
{
	run_journal_account(j, p);
	write_record(j, p, verdict, NULL);
}

/* What was said of the path last. */
static struct verdict verdict_of_status(const struct path_status *s)
{
	if (!s->known)
		return (struct verdict){ .cause = VERDICT_CAUSE_UNEXPLAINED, .server = -1 };
	return (struct verdict){
		.state = s->state,
		.direction = s->direction,
		.cause = s->cause,
		.server = s->server,
		.expected = s->expected,
	};
}

void run_journal_end(struct run_journal *j, struct path *p, const struct verdict *verdict, const char *why)
{
	const struct verdict last = verdict_of_status(&p->status);

	if (is_untold(p))
		return;
	while (prober_account_all(&p->prober))
		write_stretches(j, p);
	write_record(j, p, verdict ? verdict : &last, why);
}
