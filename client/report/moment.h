/* Times of journals and of the command line: realtime nanoseconds. Pure. */
#ifndef FLOATPROBE_MOMENT_H
#define FLOATPROBE_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOMENT_NONE INT64_MIN

/* RFC 3339, from 2020 to 2199: "2026-05-01T12:00:03.123456Z", with an offset instead of Z, or only its date. */
bool moment_parse(const char *text, size_t len, int64_t *ns) __attribute__((warn_unused_result));

enum { MOMENT_TEXT_LEN = 32, MOMENT_SPAN_LEN = 24 };
/* "2026-05-01 12:00:03" in UTC, with `decimals` of a second: 0, 3 or 6. Returns text. */
const char *moment_text(int64_t ns, unsigned decimals, char text[MOMENT_TEXT_LEN]);
/* A length of time in two units: "3d 4h", "5m 3s", "12.345 s", "0.4 ms". Returns text. */
const char *moment_span(int64_t ns, char text[MOMENT_SPAN_LEN]);

#endif
