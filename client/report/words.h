/* What a report says in words, whatever its format. Texts are plain: the writer of a format escapes them. */
#ifndef FLOATPROBE_WORDS_H
#define FLOATPROBE_WORDS_H

#include "client/report/history.h"

enum { WORDS_LEN = 1024 };

/* "probes were lost on their way to the server"; for `none` and what this version does not know: "". */
const char *words_direction(const char *direction);
/* "2026-05-02 12:00:03.123, for 12.300 s". Each function returns text. */
const char *words_when(int64_t from_ns, int64_t until_ns, bool open, char text[WORDS_LEN]);
/* "bootnode: down; answers were lost on their way back: protocol-filtered" */
const char *words_incident(const struct history_incident *incident, char text[WORDS_LEN]);
/* "boot-01 answered before, boot-02 after"; "" if nobody is known. */
const char *words_servers(const struct history_incident *incident, char text[WORDS_LEN]);
/* "bootnode udp: moved from boot-01 to boot-02, gap 1.203 s (forward 1.203 s, return 0.0 ms): pass" */
const char *words_move(const struct record *move, char text[WORDS_LEN]);
/* "2 incidents, 12.3 s in all, the longest 12.000 s" */
const char *words_sum(const struct history *history, char text[WORDS_LEN]);
/* What limits the report: other versions, lines left out, clocks. Returns NULL behind the last one. */
const char *words_note(const struct history *history, size_t number, char text[WORDS_LEN]);

/* The time in which at least one incident was open. */
int64_t words_incidents_ns(const struct history *history);
/* The next line of a text of lines. Returns what is behind it, NULL at the end. */
const char *words_line(const char *lines, char line[WORDS_LEN]);

#endif
