/* Log to stderr, one line per call: "floatprobed: warning: text". Never log a secret. */
#ifndef FLOATPROBE_LOG_H
#define FLOATPROBE_LOG_H

/* Set the program name that precedes each line. `program` must stay valid. */
void log_start(const char *program);

void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
