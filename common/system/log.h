/* Log to stderr, one line per call: "floatprobed: warning: text". Daemons show the time before that. Never log a
 * secret. */
#ifndef FLOATPROBE_LOG_H
#define FLOATPROBE_LOG_H

/* Set the program name that precedes each line. `program` must stay valid. */
void log_start(const char *program);
/* From now on each line begins with the time, unless systemd's journal gets it, which has its own. */
void log_show_time(void);

/* Give each line, without its end, to `taker` instead of stderr; NULL: to stderr again. */
void log_to(void (*taker)(void *context, const char *line), void *context);

void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
