/* Log lines on stderr: "floatprobed: warning: text". One line a call, never a secret. */
#ifndef FLOATPROBE_LOG_H
#define FLOATPROBE_LOG_H

/* The program's name goes before every line; static text. */
void log_start(const char *program);

void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
