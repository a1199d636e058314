#include "common/system/conntrack.h"

#include "common/system/proc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_LEN = 32768, HEXADECIMAL = 16 };

/* Columns are separated by one blank or two. -1: there is no such column. */
static int find_column(const char *line, const char *name)
{
	size_t name_len = strlen(name);

	for (int column = 0;; column++) {
		size_t len;

		line += strspn(line, " ");
		len = strcspn(line, " \n");
		if (len == 0)
			return -1;
		if (len == name_len && strncmp(line, name, len) == 0)
			return column;
		line += len;
	}
}

/* The kernel prints 32 bits. */
static uint32_t value_at(const char *line, int column)
{
	for (; column > 0; column--) {
		line += strspn(line, " ");
		line += strcspn(line, " \n");
	}
	line += strspn(line, " ");
	return *line == '\n' ? 0 : (uint32_t)strtoul(line, NULL, HEXADECIMAL);
}

/* The names, and a line for each CPU. A line that is cut off does not count. */
int64_t conntrack_sum(const char *text, const char *column)
{
	int at = find_column(text, column);
	const char *line = strchr(text, '\n');
	int64_t sum = 0;

	if (at < 0 || !line)
		return CONNTRACK_UNREAD;
	while (strchr(++line, '\n')) {
		sum += value_at(line, at);
		line = strchr(line, '\n');
	}
	return sum;
}

void conntrack_read(struct conntrack *table)
{
	char text[TEXT_LEN];

	table->entries = proc_sysctl("net/netfilter/nf_conntrack_count", CONNTRACK_UNREAD);
	table->max = proc_sysctl("net/netfilter/nf_conntrack_max", CONNTRACK_UNREAD);
	if (table->max == CONNTRACK_UNREAD && access("/proc/sys/net", R_OK | X_OK) == 0) {
		*table = (struct conntrack){ .max = 0 };
		return;
	}
	proc_read("/proc/self/net/stat/nf_conntrack", text, sizeof text);
	table->dropped = conntrack_sum(text, "drop");
	table->evicted = conntrack_sum(text, "early_drop");
	table->in_conflict = conntrack_sum(text, "insert_failed");
}
