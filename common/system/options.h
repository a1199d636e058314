/* Parse command lines by a table of options, and print help from the same table.
 *
 * The syntax is that of getopt_long(3): --name=VALUE or --name VALUE, options and operands in any order, "--" ends the
 * options. */
#ifndef FLOATPROBE_OPTIONS_H
#define FLOATPROBE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Parse value (NULL for a flag) and store it in field. Returns NULL or an error text as the functions of
 * common/config/units.h do. */
typedef const char *options_taker(void *field, const char *value);
options_taker options_take_text; /* const char * */
options_taker options_take_flag; /* bool */

struct options_spec {
	const char *name; /* long name; NULL ends the table */
	char letter;      /* short name; 0: none */
	bool required;
	const char *argument; /* name of the value in help; NULL: a flag */
	const char *help;     /* a further line starts with its own indentation */
	options_taker *take;
	size_t offset; /* of the field in the object that options_parse fills */
};

/* The options of every command. */
extern const struct options_spec options_common[];

struct options_command {
	const char *program;
	const char *name;     /* the subcommand; NULL: the program has none */
	const char *summary;  /* may have several lines; the first one is a complete sentence */
	const char *operands; /* their name in help, as "URI..."; NULL: none */
	unsigned operands_min, operands_max;
	const struct options_spec *specs; /* may be NULL */
	const struct options_spec *more;  /* a table that several commands share; may be NULL */
};

enum options_outcome { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_WRONG };

enum { OPTIONS_ERROR_LEN = 320 };
struct options_result {
	char **operands; /* inside argv, which is permuted */
	unsigned operands_len;
	char error[OPTIONS_ERROR_LEN]; /* after OPTIONS_WRONG */
};

/* Parse argv[1..argc-1] into object. The first error, --help or --version determines the outcome. The options after it
 * are parsed too, so that the caller knows the output format in which to report the error. */
enum options_outcome options_parse(const struct options_command *command, int argc, char **argv, void *object,
				   struct options_result *result) __attribute__((warn_unused_result));

void options_help(const struct options_command *command, FILE *out);
/* Print "Try 'floatprobe check --help'." */
void options_hint(const struct options_command *command, FILE *out);

#endif
