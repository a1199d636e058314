#include "client/output/output.h"

#include "client/output/exit_status.h"
#include "client/output/output_formats.h"
#include "client/output/progress.h"
#include "common/system/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INTERRUPTED_LEN = 96 };

struct output {
	struct output_settings settings;
	bool finished;
	bool interrupted;
	bool no_memory;
	int write_errno; /* errno of the failed write to stdout; 0: none */
	size_t judged, unexpected;
	struct result_path **paths; /* copies made by keep_path; not used for JSON */
	size_t paths_len, paths_room;

	struct progress progress;
	size_t probes_expected, probes_decided, probes_lost;
};

/* --- Progress ---------------------------------------------------------------------------------------------------- */

bool output_shows_progress(const struct output *o)
{
	return o->progress.enabled;
}

void output_waits(struct output *o, const char *what)
{
	char text[PROGRESS_LEN];
	size_t len = 0;

	if (!o->progress.enabled)
		return;
	if (o->probes_expected > 0)
		len = (size_t)snprintf(text, sizeof text, "%zu of %zu probes, %zu without an answer; ",
				       o->probes_decided, o->probes_expected, o->probes_lost);
	snprintf(text + len, sizeof text - len, "%s", what);
	progress_show(&o->progress, text);
}

/* --- Collecting -------------------------------------------------------------------------------------------------- */

struct output *output_new(const struct output_settings *settings)
{
	struct output *o = calloc(1, sizeof *o);
	if (!o)
		return NULL;
	o->settings = *settings;
	/* JSON lines on the same terminal would mix with the progress line. */
	progress_init(&o->progress, !settings->quiet && !(settings->format == OUTPUT_JSON && isatty(STDOUT_FILENO)));
	if (settings->format == OUTPUT_JSON)
		setvbuf(stdout, NULL, _IOLBF, 0); /* a reader of the pipe gets each probe at once */
	return o;
}

/* Call directly after a write: later calls overwrite errno. */
static void note_write_error(struct output *o, bool failed)
{
	if (failed && o->write_errno == 0)
		o->write_errno = errno ? errno : EIO;
}

static void put_json(struct output *o, json_t *object)
{
	errno = 0;
	if (!output_json(stdout, object))
		o->no_memory = true;
	note_write_error(o, ferror(stdout));
}

void output_expect(struct output *o, size_t probes)
{
	o->probes_expected = probes;
}

static bool is_answered(enum prober_outcome outcome)
{
	return outcome == PROBER_ANSWERED || outcome == PROBER_CLOCK_SKEW;
}

void output_probe(struct output *o, const struct result_probe *probe)
{
	if (o->settings.format == OUTPUT_JSON)
		put_json(o, result_probe_json(probe));
	o->probes_decided++;
	o->probes_lost += !is_answered(probe->outcome);
}

/* A deep copy of a result_path in one allocation. */
struct kept_path {
	struct result_path path;
	struct verdict verdict;
	char text[];
};

static size_t text_len(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Copy *text to *room, point *text to the copy, and advance *room. */
static void keep_text(const char **text, char **room)
{
	size_t len = text_len(*text);
	if (len == 0)
		return;
	memcpy(*room, *text, len);
	*text = *room;
	*room += len;
}

static struct result_path *keep_path(const struct result_path *path)
{
	const struct result_path_name *name = &path->name;
	size_t len = text_len(name->vantage) + text_len(name->target) + text_len(name->role) + text_len(name->host) +
		     text_len(name->flow) + text_len(path->server);
	struct kept_path *kept = malloc(sizeof *kept + len);
	if (!kept)
		return NULL;

	char *room = kept->text;
	kept->verdict = *path->verdict;
	kept->path = *path;
	kept->path.verdict = &kept->verdict;
	keep_text(&kept->path.name.vantage, &room);
	keep_text(&kept->path.name.target, &room);
	keep_text(&kept->path.name.role, &room);
	keep_text(&kept->path.name.host, &room);
	keep_text(&kept->path.name.flow, &room);
	keep_text(&kept->path.server, &room);
	return &kept->path;
}

static bool collect(struct output *o, const struct result_path *path)
{
	if (o->paths_len == o->paths_room) {
		size_t room = o->paths_room ? 2 * o->paths_room : 64;
		struct result_path **paths = realloc(o->paths, room * sizeof(struct result_path *));
		if (!paths)
			return false;
		o->paths = paths;
		o->paths_room = room;
	}
	o->paths[o->paths_len] = keep_path(path);
	return o->paths[o->paths_len] && ++o->paths_len;
}

void output_path(struct output *o, const struct result_path *path)
{
	if (o->settings.format == OUTPUT_JSON)
		put_json(o, result_path_json(path));
	else if (!collect(o, path))
		o->no_memory = true;
	o->judged++;
	o->unexpected += !path->verdict->expected;
}

void output_free(struct output *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->paths_len; i++)
		free(o->paths[i]);
	free(o->paths);
	free(o);
}

/* --- The end ----------------------------------------------------------------------------------------------------- */

static void put_text(const struct output *o)
{
	const struct output_style style = terminal_style();
	char before[INTERRUPTED_LEN];

	snprintf(before, sizeof before, "interrupted, %zu of %zu probes have an outcome; so far:", o->probes_decided,
		 o->probes_expected);
	output_text(stdout, o->paths, o->paths_len, &style,
		    &(struct output_text_wish){ .only_unexpected = o->settings.quiet,
						.unfold = o->settings.verbose,
						.before = o->interrupted ? before : NULL });
}

/* Nothing was probed, for example with --ipv6 and no IPv6 path. This is no success. */
static int nothing_judged(const struct output *o)
{
	static const char text[] = "there is no path to probe";
	if (o->settings.format == OUTPUT_NAGIOS)
		return output_nagios_unknown(o->interrupted ? "interrupted before anything was probed" : text);
	if (o->interrupted)
		return EXIT_STATUS_NOT_EXPECTED;
	log_error("%s", text);
	return EXIT_STATUS_USAGE;
}

int output_finish(struct output *o)
{
	int status = o->unexpected ? EXIT_STATUS_NOT_EXPECTED : EXIT_STATUS_EXPECTED;

	o->finished = true;
	progress_clear(&o->progress);
	errno = 0;
	if (o->judged == 0)
		status = nothing_judged(o);
	else if (o->settings.format == OUTPUT_NAGIOS)
		status = output_nagios(stdout, o->paths, o->paths_len);
	else if (o->settings.format == OUTPUT_TEXT)
		put_text(o);
	note_write_error(o, fflush(stdout) != 0 || ferror(stdout));

	if (o->no_memory)
		log_error("out of memory: results are missing");
	if (o->write_errno)
		log_error("standard output: %s", strerror(o->write_errno));
	return o->no_memory || o->write_errno ? EXIT_STATUS_REFUSED : status;
}

void output_interrupted(struct output *o)
{
	o->interrupted = true;
}

bool output_is_finished(const struct output *o)
{
	return o->finished;
}
