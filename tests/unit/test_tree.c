#include "config_fixture.h"

#include "common/config/tree.h"

static void positions_and_structure(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	fixture_write("t.yaml", "\xef\xbb\xbf# comment\n"
				"a: 1\n"
				"\xc3\xa4: { list: [ x, \"y z\" ],\n"
				"     empty: }\n"
				"null: ~\n"
				"text: 'null'\n");
	struct tree *tree = tree_load("t.yaml", &diags);
	assert_non_null(tree);
	assert_int_equal(diags.len, 0);
	assert_int_equal(tree->root->kind, TREE_MAPPING);
	assert_int_equal(tree->root->len, 4);
	assert_null(tree_get(tree->root, "absent"));

	const struct tree_node *a = tree_get(tree->root, "a");
	assert_string_equal(a->text, "1");
	assert_int_equal(a->line, 2);
	assert_int_equal(a->column, 4);
	assert_int_equal(a->key->column, 1);
	assert_ptr_equal(a->parent, tree->root);

	const struct tree_node *list = tree_get(tree_get(tree->root, "\xc3\xa4"), "list");
	assert_int_equal(list->kind, TREE_LIST);
	assert_int_equal(list->column, 12); /* characters, not octets */
	assert_int_equal(list->len, 2);
	assert_string_equal(list->first->next->text, "y z");
	assert_int_equal(list->first->next->index, 1);
	assert_null(list->first->next->next);

	assert_true(tree_is_null(tree_get(tree_get(tree->root, "\xc3\xa4"), "empty")));
	assert_true(tree_is_null(tree_get(tree->root, "null")));
	assert_false(tree_is_null(tree_get(tree->root, "text")));
	assert_false(tree_is_null(list));
	tree_free(tree);
}

/* As editors of another system begin every file. */
static void a_byte_order_mark_is_no_text(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	fixture_write("t.yaml", "\xef\xbb\xbf"
				"a: 1\n"
				"b: { c: 2 }\n"
				"b: 3\n");
	struct tree *tree = tree_load("t.yaml", &diags);
	assert_non_null(tree);
	assert_int_equal(tree_get(tree->root, "a")->column, 4);
	assert_int_equal(tree_get(tree->root, "a")->key->column, 1);
	assert_int_equal(diags.len, 1);
	assert_int_equal(diags.items[0].line, 3);
	tree_free(tree);
	diag_free(&diags);

	fixture_write("t.yaml", "\xef\xbb\xbf");
	assert_null(tree_load("t.yaml", &diags));
	assert_int_equal(diags.len, 1);
	assert_non_null(strstr(diags.items[0].text, "empty"));
	diag_free(&diags);
}

/* Faults that leave a tree behind, and those that end the reading. */
static const struct {
	const char *yaml;
	bool fatal;
	const char *diags;
} cases[] = {
	{ "a: 1\nb: 2\na: 3\nc: { d: 1, d: 2, d: 3 }\n", false,
	  "t.yaml:3:1: error: a: given twice, first in line 1; remove one\n"
	  "t.yaml:4:12: error: d: given twice, first in line 4; remove one\n"
	  "t.yaml:4:18: error: d: given twice, first in line 4; remove one\n" },
	{ "a: &x [ 1 ]\nb: *x\n", false,
	  "t.yaml:1:4: error: anchors and aliases (& and *) are not supported; write the value out\n"
	  "t.yaml:2:4: error: anchors and aliases (& and *) are not supported; write the value out\n" },
	{ "a: !!int 1\nb: !x { c: 1 }\nd: ! e\n", false,
	  "t.yaml:1:4: error: tags (!) are not supported; write the plain value\n"
	  "t.yaml:2:4: error: tags (!) are not supported; write the plain value\n"
	  "t.yaml:3:4: error: tags (!) are not supported; write the plain value\n" },
	{ "a:\n  <<: { b: 1 }\n  c: 1\n", false,
	  "t.yaml:2:3: error: merge keys (<<) are not supported; write the keys out\n" },
	{ "\"<<\": 1\n", false, "" },
	{ "? [ a ]\n: 1\n? { b: 1 }\n: 2\nc: 3\n", false,
	  "t.yaml:1:3: error: a list or mapping as key; write a single word\n"
	  "t.yaml:3:3: error: a list or mapping as key; write a single word\n" },
	{ "a: \"x\\0y\"\nb: \"\\e[31m\"\nc: |\n  two\n  lines\nd: \"\\x7f\"\n\"\\n\": 1\n", false,
	  "t.yaml:1:4: error: a value with a control character or a line break; write it on one line\n"
	  "t.yaml:2:4: error: a value with a control character or a line break; write it on one line\n"
	  "t.yaml:3:4: error: a value with a control character or a line break; write it on one line\n"
	  "t.yaml:6:4: error: a value with a control character or a line break; write it on one line\n"
	  "t.yaml:7:1: error: a value with a control character or a line break; write it on one line\n" },
	{ "", true, "t.yaml: error: the file is empty; write a configuration\n" },
	{ "# nothing\n", true, "t.yaml: error: the file is empty; write a configuration\n" },
	{ "a: 1\n---\nb: 2\n", true, "t.yaml:2:1: error: a second document (---); write one document per file\n" },
	{ "a: 1\n...\nb: 2\n", true,
	  "t.yaml:3:1: error: not valid YAML: the value has ended before this; indent alike what belongs together, or "
	  "begin each of several values with \"- \"\n" },
	{ "a: 1\n\tb: 2\n", true, "t.yaml:2:1: error: not valid YAML: a tab; indent with spaces\n" },
	{ "a:\n\tb: 2\n", true, "t.yaml:2:1: error: not valid YAML: a tab; indent with spaces\n" },
	{ "\xc3\xa4: 1\nb:\n\tc: 2\n", true, "t.yaml:3:1: error: not valid YAML: a tab; indent with spaces\n" },
	{ "a: [ 1,\n  2\nb: 3\n", true,
	  "t.yaml:3:2: error: not valid YAML: did not find expected ',' or ']', while parsing a flow sequence that "
	  "starts at line 1\n" },
	{ "a: \"x\n", true,
	  "t.yaml:2:1: error: not valid YAML: found unexpected end of stream, while scanning a quoted scalar that "
	  "starts at line 1\n" },
	{ "a: 1\nb: \xff\n", true, "t.yaml:2:4: error: invalid leading UTF-8 octet; the file must be UTF-8 text\n" },
	{ "a: \xc3\xa4\xc3\n", true, "t.yaml:1:6: error: invalid trailing UTF-8 octet; the file must be UTF-8 text\n" },
	{ "a: \x1b[31m\n", true,
	  "t.yaml:1:4: error: control characters are not allowed; the file must be UTF-8 text\n" },
	{ "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", true,
	  "t.yaml:1:17: error: nested deeper than 16 levels, which is the maximum\n" },
	{ "[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]", false, "" },
};

static void faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct diag_list diags = { 0 };
		fixture_write("t.yaml", cases[i].yaml);
		struct tree *tree = tree_load("t.yaml", &diags);
		fixture_expect(cases[i].yaml, &diags, cases[i].diags);
		assert_int_equal(tree == NULL, cases[i].fatal);
		tree_free(tree);
	}
}

static void octets_that_are_no_text(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	fixture_write_octets("t.yaml", "a: 1\nb\0: 2\n", 11);
	assert_null(tree_load("t.yaml", &diags));
	fixture_expect("NUL", &diags,
		       "t.yaml:2:2: error: control characters are not allowed; the file must be UTF-8 text\n");
	fixture_write_octets("t.yaml",
			     "\xff\xfe"
			     "a\0:\0 \0b\0",
			     10);
	assert_null(tree_load("t.yaml", &diags));
	fixture_expect("UTF-16", &diags,
		       "t.yaml:1:1: error: invalid leading UTF-8 octet; the file must be UTF-8 text\n");
}

static void files_that_are_none(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	assert_null(tree_load("none.yaml", &diags));
	assert_null(tree_load(".", &diags));
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_null(tree_load_part("fifo", &diags));
	fixture_expect("files", &diags,
		       ".: error: cannot be read: a directory\n"
		       "fifo: error: cannot be read: not a regular file\n"
		       "none.yaml: error: cannot be read: No such file or directory\n");
}

static void pipes(void **state)
{
	struct diag_list diags = { 0 };
	char name[32];
	int ends[2];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "a: b\n", 5), 5);
	close(ends[1]);
	snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
	assert_false(tree_can_be_read_again(name));
	struct tree *tree = tree_load(name, &diags);
	fixture_expect("pipe", &diags, "");
	assert_string_equal(tree_get(tree->root, "a")->text, "b");
	tree_free(tree);
	close(ends[0]);
	assert_false(tree_can_be_read_again(TREE_STDIN));
	fixture_write("t.yaml", "a: b\n");
	assert_true(tree_can_be_read_again("t.yaml"));
}

static void write_repeated(const char *piece, size_t times)
{
	FILE *f = fopen("t.yaml", "w");
	assert_non_null(f);
	for (size_t i = 0; i < times; i++)
		assert_true(fputs(piece, f) >= 0);
	fclose(f);
}

static void bounds(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	write_repeated("#234567890123456789012345678901\n", TREE_FILE_MAX / 32 + 1);
	assert_null(tree_load("t.yaml", &diags));
	fixture_expect("large file", &diags,
		       "t.yaml: error: cannot be read: larger than 4 MiB, which is the maximum\n");

	write_repeated("- a\n", TREE_NODES_MAX);
	assert_null(tree_load("t.yaml", &diags));
	fixture_expect("many nodes", &diags, "t.yaml:500000:3: error: more than 500000 values, which is the maximum\n");

	write_repeated("[", 1000000);
	assert_null(tree_load("t.yaml", &diags));
	fixture_expect("deep", &diags, "t.yaml:1:17: error: nested deeper than 16 levels, which is the maximum\n");

	write_repeated("x", TREE_TEXT_MAX + 1);
	struct tree *tree = tree_load("t.yaml", &diags);
	assert_non_null(tree);
	assert_string_equal(tree->root->text, "");
	tree_free(tree);
	fixture_expect("long value", &diags, "t.yaml:1:1: error: a value of more than 1024 octets; shorten it\n");
}

static void diags_are_ordered(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	diag_add(&diags, DIAG_ERROR, "b", 1, 1, "five");
	diag_add(&diags, DIAG_ERROR, "a", 10, 1, "four");
	diag_add(&diags, DIAG_WARNING, "a", 9, 2, "second at %s", "9:2");
	diag_add(&diags, DIAG_ERROR, "a", 9, 1, "one");
	diag_add(&diags, DIAG_ERROR, "a", 9, 2, "third");
	diag_add(&diags, DIAG_ERROR, "a", 0, 0, "whole file");
	diag_add(&diags, DIAG_ERROR, "URI 1", 0, 7, "position only");
	assert_int_equal(diags.errors, 6);
	fixture_expect("order", &diags,
		       "URI 1:7: error: position only\n"
		       "a: error: whole file\n"
		       "a:9:1: error: one\n"
		       "a:9:2: warning: second at 9:2\n"
		       "a:9:2: error: third\n"
		       "a:10:1: error: four\n"
		       "b:1:1: error: five\n");
}

static void diags_are_bounded_and_clean(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	diag_add(&diags, DIAG_ERROR, "f\n", 1, 1, "'floatprobe-secret:AB+/9-_=' and floatprobe-secret:C \x1b[2J");
	fixture_expect("clean", &diags, "f?:1:1: error: 'floatprobe-secret:********' and floatprobe-secret:* ?[2J\n");
	for (unsigned i = 1; i <= 1500; i++)
		diag_add(&diags, DIAG_ERROR, "f", i, 1, "wrong");
	assert_int_equal(diags.len, 1000);
	assert_int_equal(diags.errors, 1500);
	char *text = fixture_text(&diags);
	assert_non_null(strstr(
	    text, "f:1000:1: error: wrong\nerror: only the first 1000 messages are shown; there are 1500 errors\n"));
	free(text);
	diag_free(&diags);
	assert_int_equal(diags.errors, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(positions_and_structure),
		cmocka_unit_test(a_byte_order_mark_is_no_text),
		cmocka_unit_test(faults),
		cmocka_unit_test(octets_that_are_no_text),
		cmocka_unit_test(files_that_are_none),
		cmocka_unit_test(pipes),
		cmocka_unit_test(bounds),
		cmocka_unit_test(diags_are_ordered),
		cmocka_unit_test(diags_are_bounded_and_clean),
	};
	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
