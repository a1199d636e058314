#include "common/system/log.h"

#include "common/core/printable.h"
#include "common/system/clock.h"
#include "common/system/log_limit.h"
#include "common/system/log_text.h"
#include "common/system/redact.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A write of this length to a pipe is not mixed with others. */
enum { TEXT_LEN = 1024, LINE_LEN = 4096 };

/* prefix: priority for systemd's journal, see sd-daemon(3). */
static const struct {
	const char *prefix, *word, *before_text;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "<3>", "error", "error: " },
	[LOG_LEVEL_WARNING] = { "<4>", "warning", "warning: " },
	[LOG_LEVEL_INFO] = { "<6>", "info", "" },
};

static const char *name = "floatprobe";
static bool to_systemd, is_daemon;
static struct log_settings configured, overriding;
static struct log_limit limit;
static log_taker *sink;
static void *sink_context;
static void (*on_held)(void *context);
static void *held_context;

/* $JOURNAL_STREAM has device and inode of the journal's socket (systemd.exec(5)); stderr may be redirected since. */
static bool is_journal_stream(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(fd, &st) < 0)
		return false;
	snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

/* -- settings -- */

void log_start(const char *program)
{
	name = program;
	to_systemd = is_journal_stream(STDERR_FILENO);
}

void log_configure(const struct log_settings *settings)
{
	configured = *settings;
}

void log_override(const struct log_settings *settings)
{
	overriding = *settings;
}

void log_as_daemon(void)
{
	is_daemon = true;
}

void log_on_held(void (*held)(void *context), void *context)
{
	on_held = held;
	held_context = context;
}

void log_to(log_taker *taker, void *context)
{
	sink = taker;
	sink_context = context;
}

static enum log_format format_in_use(void)
{
	return overriding.format ? overriding.format : configured.format ? configured.format : LOG_FORMAT_TEXT;
}

static enum log_level level_in_use(void)
{
	return overriding.level ? overriding.level : configured.level ? configured.level : LOG_LEVEL_INFO;
}

bool log_is_plain(void)
{
	return format_in_use() == LOG_FORMAT_TEXT && !to_systemd;
}

/* -- one line -- */

/* A file's name may have anything in it, a secret key, too. */
static void put_subject(const char *subject, char *line, size_t len)
{
	printable(line + len, TEXT_LEN, subject, false);
	redact(line + len);
	strcat(line + len, ": ");
}

static void tell_sink(const struct log_line *l, const char *text)
{
	char line[LINE_LEN] = "";

	if (l->where)
		put_subject(l->where, line, 0);
	snprintf(strchr(line, '\0'), TEXT_LEN + sizeof "warning: ", "%s%s", levels[l->level].before_text, text);
	sink(sink_context, l->level, line);
}

static size_t put_text(const struct log_line *l, const char *text, char *line, size_t len)
{
	char time[CLOCK_TEXT_LEN];

	if (is_daemon && !to_systemd)
		len += (size_t)snprintf(line + len, LINE_LEN - len, "%s ", clock_text(clock_real_ns(), time));
	put_subject(l->where ? l->where : name, line, len);
	len += strlen(line + len);
	len += (size_t)snprintf(line + len, LINE_LEN - len, "%s%s\n", levels[l->level].before_text, text);
	return len;
}

static size_t put_members(const struct log_line *l, const char *text, unsigned held, char *line, size_t len)
{
	char time[CLOCK_TEXT_LEN];
	struct log_text t;

	log_text_begin(&t, format_in_use() == LOG_FORMAT_JSON, line, LINE_LEN, len);
	log_text_add(&t, "time", clock_text(clock_real_ns(), time));
	log_text_add(&t, "level", levels[l->level].word);
	log_text_add(&t, "program", name);
	if (l->where)
		log_text_add(&t, "where", l->where);
	log_text_add(&t, "msg", text);
	if (held)
		log_text_add_number(&t, "held_back", held);
	if (l->fields)
		log_text_add_members(&t, l->fields);
	return log_text_end(&t);
}

/* held: so many lines like this were held back; 0: none. */
static void write_line(const struct log_line *l, const char *text, unsigned held)
{
	char line[LINE_LEN];
	size_t len = to_systemd ? strlen(strcpy(line, levels[l->level].prefix)) : 0;

	if (sink) {
		tell_sink(l, text);
		return;
	}
	len = format_in_use() == LOG_FORMAT_TEXT ? put_text(l, text, line, len) : put_members(l, text, held, line, len);
	/* One write per line, so that lines of several processes do not mix. An error cannot be reported anywhere. */
	ssize_t written = write(STDERR_FILENO, line, len);
	(void)written;
}

/* -- limits -- */

int64_t log_release(bool all)
{
	int64_t now_ns = clock_mono_ns();
	struct log_limit_kind *kind;

	while ((kind = log_limit_next(&limit, now_ns, all))) {
		const struct log_line l = { .level = (enum log_level)kind->level };
		unsigned held = kind->held;
		char text[TEXT_LEN];

		snprintf(text, sizeof text, "%u more lines of this kind were held back: %s", held, kind->example);
		kind->held = 0;
		write_line(&l, text, held);
	}
	return log_limit_due_ns(&limit, now_ns);
}

/* Keep the first line that is held back, as an example. */
__attribute__((format(printf, 3, 0))) static void hold(struct log_limit_kind *kind, enum log_level level,
						       const char *format, va_list args)
{
	if (kind->held > 1)
		return;
	kind->level = (int)level;
	vsnprintf(kind->example, sizeof kind->example, format, args);
	printable(kind->example, sizeof kind->example, kind->example, false);
	redact(kind->example);
	if (on_held)
		on_held(held_context);
}

/* Returns NULL if one more line may be written. */
static struct log_limit_kind *limit_reached(const struct log_line *l, const char *format)
{
	struct log_limit_kind *kind;

	if (!is_daemon)
		return NULL;
	log_release(false);
	kind = log_limit_find(&limit, l->reason ? l->reason : format, clock_mono_ns());
	return log_limit_take(kind, l->lines_max ? l->lines_max : LOG_LIMIT_LINES) ? NULL : kind;
}

__attribute__((format(printf, 2, 0))) static void put(const struct log_line *l, const char *format, va_list args)
{
	char text[TEXT_LEN];
	struct log_limit_kind *kind;

	if (l->level > level_in_use())
		return;
	kind = limit_reached(l, format);
	if (kind) {
		hold(kind, l->level, format, args);
		return;
	}
	vsnprintf(text, sizeof text, format, args);
	printable(text, sizeof text, text, false);
	redact(text);
	write_line(l, text, 0);
}

void log_event(const struct log_line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(line, format, args);
	va_end(args);
}

#define DEFINE(name, its_level)                                                                                        \
	void log_##name(const char *format, ...)                                                                       \
	{                                                                                                              \
		const struct log_line line = { .level = (its_level) };                                                 \
		va_list args;                                                                                          \
		va_start(args, format);                                                                                \
		put(&line, format, args);                                                                              \
		va_end(args);                                                                                          \
	}
DEFINE(info, LOG_LEVEL_INFO)
DEFINE(warning, LOG_LEVEL_WARNING)
DEFINE(error, LOG_LEVEL_ERROR)
