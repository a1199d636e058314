/* Log to stderr, one line per call, in one of three forms:
 *   text    floatprobed: warning: text
 *   logfmt  time=2026-05-01T12:00:00.000000Z level=warning program=floatprobed msg="text"
 *   json    {"time":"2026-05-01T12:00:00.000000Z","level":"warning","program":"floatprobed","msg":"text"}
 * Lines for systemd's journal begin with their priority. Control characters are replaced, and what looks like a secret
 * key is masked. Never log a secret or what a packet carries. */
#ifndef FLOATPROBE_LOG_H
#define FLOATPROBE_LOG_H

#include <stdbool.h>
#include <stdint.h>

struct json_t;

enum log_level { LOG_LEVEL_DEFAULT, LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };
enum log_format { LOG_FORMAT_DEFAULT, LOG_FORMAT_TEXT, LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

/* The defaults are info and text. */
struct log_settings {
	enum log_format format;
	enum log_level level; /* lines of a lower level are not written */
};

/* Set the program name that precedes each line. `program` must stay valid. */
void log_start(const char *program);
/* What the configuration says. */
void log_configure(const struct log_settings *settings);
/* What the command line says: it comes before the configuration. */
void log_override(const struct log_settings *settings);
/* Do people read the lines as they are? Further lines, such as usage hints, have a place only there. */
bool log_is_plain(void);

/* From now on text lines begin with the time, and of each reason there are at most so many lines a minute. */
void log_as_daemon(void);
/* Write how many lines were held back of each reason whose minute is over; `all`: of each reason. Returns the time
 * until there is more to write, in ns; 0: nothing is held back. */
int64_t log_release(bool all);
/* Call `held` when a line is held back and none was before. */
void log_on_held(void (*held)(void *context), void *context);

/* Give each line, as text without program and end, to `taker` instead of stderr; NULL: to stderr again. */
typedef void log_taker(void *context, enum log_level level, const char *line);
void log_to(log_taker *taker, void *context);

void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct log_line {
	enum log_level level;
	const char *reason;    /* the address of a constant; NULL: the format. Lines are limited by it */
	unsigned lines_max;    /* of this reason in a minute; 0: the default */
	const char *where;     /* "file:line:column", in place of the program in text; NULL: none */
	struct json_t *fields; /* logfmt and json have its members, too; NULL: none */
};
void log_event(const struct log_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
