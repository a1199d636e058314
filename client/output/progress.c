#include "client/output/progress.h"

#include "client/output/shorten.h"
#include "client/output/terminal.h"
#include "common/core/printable.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void progress_init(struct progress *p, bool wanted)
{
	*p = (struct progress){ .enabled = wanted && terminal_is(STDERR_FILENO) };
}

void progress_show(struct progress *p, const char *text)
{
	/* A full line would wrap, and could not be rewritten. */
	size_t width = terminal_columns(STDERR_FILENO, TERMINAL_WIDTH_PIPED) - 1;
	struct shortening how = { .width = width, .head = width - width / 4 };
	char clean[PROGRESS_LEN], line[PROGRESS_LEN];

	if (!p->enabled || width < 2)
		return;
	printable(clean, sizeof clean, text, !terminal_is_utf8());
	shorten(line, sizeof line, clean, how, terminal_is_utf8());
	if (strcmp(line, p->shown) == 0)
		return;
	fprintf(stderr, "\r%s\033[K", line);
	memcpy(p->shown, line, sizeof line);
}

void progress_clear(struct progress *p)
{
	if (p->shown[0])
		fputs("\r\033[K", stderr);
	p->shown[0] = '\0';
}
