/* One line on standard error that is rewritten while the user waits. Only on a terminal. */
#ifndef FLOATPROBE_PROGRESS_H
#define FLOATPROBE_PROGRESS_H

#include <stdbool.h>

enum { PROGRESS_LEN = 256 };

struct progress {
	bool enabled;
	char shown[PROGRESS_LEN]; /* empty: there is no line */
};

/* wanted: unless the terminal cannot show it. */
void progress_init(struct progress *progress, bool wanted);
void progress_show(struct progress *progress, const char *text);
void progress_clear(struct progress *progress);

#endif
