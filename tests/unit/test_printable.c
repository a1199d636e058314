/* What outsiders may make a terminal do: nothing. */
#include "common/core/printable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void each_case(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out, *ascii;
	} cases[] = {
		{ "", "", "" },
		{ "boot-01 ~!", "boot-01 ~!", "boot-01 ~!" },
		{ "b\u00fcro \u2713 \U0001f600", "b\u00fcro \u2713 \U0001f600", "b?ro ? ?" },
		{ "a\nb\tc\x7f", "a?b?c?", "a?b?c?" },
		{ "\x1b[31mred", "?[31mred", "?[31mred" },
		{ "\xc2\x9b"
		  "31m",
		  "?31m", "?31m" },                                              /* C1: CSI as one character */
		{ "\xe2\x80\xaegnp.exe\xe2\x80\xac", "?gnp.exe?", "?gnp.exe?" }, /* turns the direction of writing */
		{ "x\xe2\x80\x8by\xef\xbb\xbf", "x?y?", "x?y?" },
		{ "\xff\xfe", "??", "??" },
		{ "\xc0\xaf", "??", "??" },       /* overlong '/' */
		{ "\xe0\x80\x8a", "???", "???" }, /* overlong line end */
		{ "\xf0\x80\x80\x8a", "????", "????" },
		{ "\xed\xa0\x80", "???", "???" },       /* surrogate */
		{ "\xf4\x90\x80\x80", "????", "????" }, /* above U+10FFFF */
		{ "\xf5\x80\x80\x80", "????", "????" },
		{ "\xe2\x82", "??", "??" }, /* ends within a character */
		{ "\xe2\x82z", "??z", "??z" },
		{ "\x80z", "?z", "?z" },
	};
	char buf[64];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(printable(buf, sizeof buf, cases[i].in, false), strlen(cases[i].out));
		assert_string_equal(buf, cases[i].out);
		printable(buf, sizeof buf, cases[i].in, true);
		assert_string_equal(buf, cases[i].ascii);
		/* in place */
		memcpy(buf, cases[i].in, strlen(cases[i].in) + 1);
		printable(buf, sizeof buf, buf, false);
		assert_string_equal(buf, cases[i].out);
	}
}

static void is_cut_at_a_character(void **state)
{
	(void)state;
	char buf[8];

	assert_int_equal(printable(buf, 1, "abc", false), 0);
	assert_string_equal(buf, "");
	printable(buf, 3, "abc", false);
	assert_string_equal(buf, "ab");
	printable(buf, 4, "a\u2713b", false);
	assert_string_equal(buf, "a");
	printable(buf, 5, "a\u2713b", false);
	assert_string_equal(buf, "a\u2713");
}

/* Whatever two octets come, what comes out is clean: printing it again changes nothing, and no control is in it. */
static void every_pair_of_octets(void **state)
{
	(void)state;
	for (unsigned a = 1; a < 256; a++) {
		for (unsigned b = 1; b < 256; b++) {
			const char in[] = { (char)a, (char)b, 0 };
			char once[8], twice[8];
			printable(once, sizeof once, in, false);
			printable(twice, sizeof twice, once, false);
			assert_string_equal(once, twice);
			for (const char *p = once; *p; p++)
				assert_true((uint8_t)*p >= 0x20 && *p != 0x7f);
		}
	}
}

static void width_counts_characters(void **state)
{
	(void)state;
	assert_int_equal(printable_width(""), 0);
	assert_int_equal(printable_width("abc"), 3);
	assert_int_equal(printable_width("b\u00fcro \u2713"), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(is_cut_at_a_character),
		cmocka_unit_test(every_pair_of_octets),
		cmocka_unit_test(width_counts_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
