#include "client/doctor/doctor_rule.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	size_t len = (size_t)vsnprintf(NULL, 0, format, args) + 1;
	char *text = alloc_zero(len, 1);

	vsnprintf(text, len, format, again);
	va_end(again);
	return text;
}

struct doctor_finding *doctor_found(struct doctor_findings *findings, enum doctor_rule_id rule,
				    enum doctor_severity severity, const char *format, ...)
{
	struct doctor_finding *finding;
	va_list args;

	findings->items = alloc_resize(findings->items, findings->len + 1, sizeof *findings->items);
	finding = &findings->items[findings->len++];
	findings->count[severity]++;
	*finding = (struct doctor_finding){ .rule = rule, .severity = severity };
	va_start(args, format);
	finding->seen = format_text(format, args);
	va_end(args);
	return finding;
}

void doctor_fix(struct doctor_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	finding->command = format_text(format, args);
	va_end(args);
}

void doctor_fix_for_good(struct doctor_finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	finding->permanent = format_text(format, args);
	va_end(args);
}

/* Slashes separate the parts, because an interface name can have a dot ("eth0.100"). */
void doctor_fix_sysctl(struct doctor_finding *finding, const char *prefix, const char *interface, const char *key,
		       int64_t value)
{
	char name[128];

	snprintf(name, sizeof name, "%s/%s%s%s", prefix, interface ? interface : "", interface ? "/" : "", key);
	doctor_fix(finding, "sysctl -w %s=%" PRId64, name, value);
	doctor_fix_for_good(finding, "%s = %" PRId64 " in /etc/sysctl.d/90-floatprobe.conf", name, value);
}

const struct doctor_link *doctor_link(const struct doctor_facts *facts, unsigned index)
{
	for (size_t i = 0; i < facts->links_len; i++) {
		if (facts->links[i].index == index)
			return &facts->links[i];
	}
	return NULL;
}

const char *doctor_link_name(const struct doctor_facts *facts, unsigned index)
{
	const struct doctor_link *link = doctor_link(facts, index);

	return link ? link->name : "?";
}
