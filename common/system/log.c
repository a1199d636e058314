#include "common/system/log.h"

#include "common/core/printable.h"
#include "common/system/clock.h"
#include "common/system/redact.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_LEN = 1024 };

/* prefix: priority for systemd's journal, see sd-daemon(3). */
struct level {
	const char *prefix, *word;
};
static const struct level info = { "<6>", "" };
static const struct level warning = { "<4>", "warning: " };
static const struct level error = { "<3>", "error: " };

static const char *name = "floatprobe";
static bool to_systemd, shows_time;
static void (*sink)(void *context, const char *line);
static void *sink_context;

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

void log_start(const char *program)
{
	name = program;
	to_systemd = is_journal_stream(STDERR_FILENO);
}

void log_to(void (*taker)(void *context, const char *line), void *context)
{
	sink = taker;
	sink_context = context;
}

void log_show_time(void)
{
	shows_time = true;
}

/* What a line begins with. */
static const char *prefix_of(const struct level *level, char time[CLOCK_TEXT_LEN + 1])
{
	if (to_systemd)
		return level->prefix;
	if (!shows_time)
		return "";
	clock_text(clock_real_ns(), time);
	return strcat(time, " ");
}

__attribute__((format(printf, 2, 0))) static void put(const struct level *level, const char *format, va_list args)
{
	char text[LINE_LEN], line[LINE_LEN + 128], time[CLOCK_TEXT_LEN + 1];

	vsnprintf(text, sizeof text, format, args);
	printable(text, sizeof text, text, false);
	redact(text);
	if (sink) {
		snprintf(line, sizeof line, "%s%s", level->word, text);
		sink(sink_context, line);
		return;
	}
	int len = snprintf(line, sizeof line, "%s%.32s: %s%s\n", prefix_of(level, time), name, level->word, text);
	/* One write per line, so that lines of several processes do not mix. An error cannot be reported anywhere. */
	ssize_t written = write(STDERR_FILENO, line, (size_t)len);
	(void)written;
}

#define DEFINE(name)                                                                                                   \
	void log_##name(const char *format, ...)                                                                       \
	{                                                                                                              \
		va_list args;                                                                                          \
		va_start(args, format);                                                                                \
		put(&name, format, args);                                                                              \
		va_end(args);                                                                                          \
	}
DEFINE(info)
DEFINE(warning)
DEFINE(error)
