#include "client/report/moment.h"

#include "common/core/ns.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { YEAR_MIN = 2020, YEAR_MAX = 2199, DATE_LEN = 10, MICRO_DIGITS = 6 };
static const int64_t SECONDS_PER_MINUTE = 60, SECONDS_PER_HOUR = 3600, SECONDS_PER_DAY = 86400;

/* -- reading -- */

struct cursor {
	const char *at, *end;
	bool bad;
};

static int digits(struct cursor *c, unsigned len, int min, int max)
{
	int number = 0;

	for (unsigned i = 0; i < len; i++) {
		c->bad = c->bad || c->at == c->end || *c->at < '0' || *c->at > '9';
		if (c->bad)
			return min;
		number = number * 10 + (*c->at++ - '0');
	}
	c->bad = c->bad || number < min || number > max;
	return number;
}

static bool accept(struct cursor *c, const char *any)
{
	bool is = !c->bad && c->at < c->end && *c->at && strchr(any, *c->at);

	c->at += is;
	return is;
}

static void expect(struct cursor *c, const char *any)
{
	c->bad = !accept(c, any) || c->bad;
}

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t days(int year, int month, int day)
{
	enum { DAYS_400_YEARS = 146097, DAYS_TO_1970 = 719468 };
	int y = year - (month <= 2);
	int64_t in_era = y % 400;
	int in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return (int64_t)(y / 400) * DAYS_400_YEARS + in_era * 365 + in_era / 4 - in_era / 100 + in_year - DAYS_TO_1970;
}

static int64_t date(struct cursor *c)
{
	static const int lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = digits(c, 4, YEAR_MIN, YEAR_MAX), month, day;

	expect(c, "-");
	month = digits(c, 2, 1, 12);
	expect(c, "-");
	day = digits(c, 2, 1, c->bad ? 1 : lengths[month - 1]);
	return c->bad ? 0 : days(year, month, day) * SECONDS_PER_DAY;
}

static int64_t fraction(struct cursor *c)
{
	int64_t ns = 0, unit = NS_PER_S;

	if (!accept(c, "."))
		return 0;
	c->bad = c->bad || c->at == c->end || *c->at < '0' || *c->at > '9';
	while (!c->bad && c->at < c->end && *c->at >= '0' && *c->at <= '9') {
		unit /= 10;
		ns += unit * (*c->at++ - '0');
	}
	return ns;
}

static int64_t offset(struct cursor *c)
{
	int64_t seconds;
	bool behind;

	if (accept(c, "Zz"))
		return 0;
	behind = c->at < c->end && *c->at == '-';
	expect(c, "+-");
	seconds = digits(c, 2, 0, 23) * SECONDS_PER_HOUR;
	expect(c, ":");
	seconds += digits(c, 2, 0, 59) * SECONDS_PER_MINUTE;
	return behind ? -seconds : seconds;
}

bool moment_parse(const char *text, size_t len, int64_t *ns)
{
	struct cursor c = { text, text + len, false };
	int64_t seconds = date(&c), rest = 0;

	if (len > DATE_LEN) {
		expect(&c, "Tt ");
		seconds += digits(&c, 2, 0, 23) * SECONDS_PER_HOUR;
		expect(&c, ":");
		seconds += digits(&c, 2, 0, 59) * SECONDS_PER_MINUTE;
		expect(&c, ":");
		seconds += digits(&c, 2, 0, 60);
		rest = fraction(&c);
		seconds -= offset(&c);
	}
	*ns = seconds * NS_PER_S + rest;
	return !c.bad && c.at == c.end;
}

/* -- writing -- */

const char *moment_text(int64_t ns, unsigned decimals, char text[MOMENT_TEXT_LEN])
{
	time_t seconds = (time_t)(ns / NS_PER_S);
	int64_t rest = ns % NS_PER_S, micro;
	char digits6[MICRO_DIGITS + 1];
	struct tm tm;
	size_t len;

	if (rest < 0) {
		seconds--;
		rest += NS_PER_S;
	}
	micro = rest / 1000;
	gmtime_r(&seconds, &tm);
	len = strftime(text, MOMENT_TEXT_LEN, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(digits6, sizeof digits6, "%06u", (unsigned)(micro % 1000000));
	if (decimals > 0)
		snprintf(text + len, MOMENT_TEXT_LEN - len, ".%.*s", (int)decimals, digits6);
	return text;
}

const char *moment_span(int64_t ns, char text[MOMENT_SPAN_LEN])
{
	int64_t s = ns / NS_PER_S;

	if (ns < 0)
		snprintf(text, MOMENT_SPAN_LEN, "-");
	else if (ns < NS_PER_S)
		snprintf(text, MOMENT_SPAN_LEN, "%.1f ms", (double)ns / NS_PER_MS);
	else if (s < SECONDS_PER_MINUTE)
		snprintf(text, MOMENT_SPAN_LEN, "%.3f s", (double)ns / NS_PER_S);
	else if (s < SECONDS_PER_HOUR)
		snprintf(text, MOMENT_SPAN_LEN, "%" PRId64 "m %" PRId64 "s", s / SECONDS_PER_MINUTE,
			 s % SECONDS_PER_MINUTE);
	else if (s < SECONDS_PER_DAY)
		snprintf(text, MOMENT_SPAN_LEN, "%" PRId64 "h %" PRId64 "m", s / SECONDS_PER_HOUR,
			 s % SECONDS_PER_HOUR / SECONDS_PER_MINUTE);
	else
		snprintf(text, MOMENT_SPAN_LEN, "%" PRId64 "d %" PRId64 "h", s / SECONDS_PER_DAY,
			 s % SECONDS_PER_DAY / SECONDS_PER_HOUR);
	return text;
}
