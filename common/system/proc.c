#include "common/system/proc.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NUMBER_LEN = 128, COUNTERS_LEN = 32768 };

size_t proc_read(const char *path, char *text, size_t text_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	while (fd >= 0 && n > 0 && len < text_len - 1) {
		n = read(fd, text + len, text_len - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	text[len] = '\0';
	return len;
}

static int64_t number(const char *text, int64_t fallback)
{
	char *end;
	long long value = strtoll(text, &end, 10);

	return end == text ? fallback : value;
}

int64_t proc_sysctl(const char *path, int64_t fallback)
{
	char file[PATH_MAX], text[NUMBER_LEN];

	snprintf(file, sizeof file, "/proc/sys/%s", path);
	return proc_read(file, text, sizeof text) ? number(text, fallback) : fallback;
}

bool proc_sysctl_range(const char *path, int64_t *low, int64_t *high)
{
	char file[PATH_MAX], text[2 * NUMBER_LEN];
	const char *second;

	snprintf(file, sizeof file, "/proc/sys/%s", path);
	if (!proc_read(file, text, sizeof text))
		return false;
	second = text + strcspn(text, " \t");
	second += strspn(second, " \t");
	*low = number(text, -1);
	*high = number(second, -1);
	return *low >= 0 && *high >= *low;
}

int64_t proc_interface_sysctl(const char *conf, const char *interface, const char *key, int64_t fallback)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "net/%s/%s/%s", conf, interface, key);
	return proc_sysctl(path, fallback);
}

/* Two lines per group: "Udp: name name ..." and "Udp: value value ...". */
static int64_t counter_in_columns(const char *text, const char *group, const char *name, int64_t fallback)
{
	char prefix[32];
	size_t prefix_len = (size_t)snprintf(prefix, sizeof prefix, "\n%s: ", group);
	size_t name_len = strlen(name);
	const char *names = strstr(text, prefix), *values = names ? strstr(names + 1, prefix) : NULL;

	if (!values)
		return fallback;
	names += prefix_len;
	values += prefix_len;
	for (;;) {
		size_t len = strcspn(names, " \n"), value_len = strcspn(values, " \n");

		if (len == name_len && strncmp(names, name, len) == 0)
			return number(values, fallback);
		if (names[len] != ' ' || values[value_len] != ' ')
			return fallback;
		names += len + 1;
		values += value_len + 1;
	}
}

/* One line per counter: "Udp6RcvbufErrors   0". */
static int64_t counter_in_lines(const char *text, const char *name, int64_t fallback)
{
	size_t name_len = strlen(name);

	for (const char *line = text; line; line = strchr(line + 1, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, name_len) == 0 && strchr(" \t", line[name_len]) && line[name_len])
			return number(line + name_len, fallback);
		if (!*line)
			break;
	}
	return fallback;
}

int64_t proc_counter_in(const char *text, const char *group, const char *name, int64_t fallback)
{
	return group ? counter_in_columns(text, group, name, fallback) : counter_in_lines(text, name, fallback);
}

/* text begins with a line feed, so that every line has one before it. */
int64_t proc_counter(const char *group, const char *name, int64_t fallback)
{
	static const char *const files[] = { "/proc/self/net/snmp", "/proc/self/net/netstat" };
	char text[COUNTERS_LEN] = "\n";
	int64_t value = fallback;

	if (!group && proc_read("/proc/self/net/snmp6", text, sizeof text))
		return proc_counter_in(text, NULL, name, fallback);
	for (size_t i = 0; group && i < sizeof files / sizeof *files && value == fallback; i++) {
		proc_read(files[i], text + 1, sizeof text - 1);
		value = proc_counter_in(text, group, name, fallback);
	}
	return value;
}
