/* Command lines by table: what a command takes, how it is read, and the help that is made from the same table.
 *
 * Long options take their value behind '=' or a space; options and operands may be mixed; "--" ends the options. */
#ifndef FLOATPROBE_OPTIONS_H
#define FLOATPROBE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Stores value (NULL for a flag) at field. Returns NULL, or what is wrong and what would be right, as static text that
 * continues "VALUE ", as the functions of common/config/units.h do. */
typedef const char *options_taker(void *field, const char *value);
options_taker options_take_text; /* const char * */
options_taker options_take_flag; /* bool */

struct options_spec {
	const char *name; /* long; NULL: end of the table ({ 0 }) */
	char letter;      /* short; 0: none */
	bool required;
	const char *argument; /* how help names the value; NULL: a flag */
	const char *help;     /* lines; each further one is indented like the first */
	options_taker *take;
	size_t offset; /* of the field, in the object that options_parse fills */
};

struct options_command {
	const char *program;
	const char *name;     /* of the subcommand; NULL: the program has none */
	const char *summary;  /* lines of text; the first one says it all */
	const char *operands; /* how help names them: "URI..."; NULL: there are none */
	unsigned operands_min, operands_max;
	const struct options_spec *specs, *more; /* two tables, as some are shared; each may be NULL */
};

enum options_outcome { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_WRONG };

enum { OPTIONS_ERROR_LEN = 320 };
struct options_result {
	char **operands; /* within argv, which is put in order */
	unsigned operands_len;
	char error[OPTIONS_ERROR_LEN]; /* of OPTIONS_WRONG */
};

/* argv[0] is skipped. The first mistake, --help or --version decides; what comes after is still read into the object,
 * so that the caller knows in which format to complain. */
enum options_outcome options_parse(const struct options_command *command, int argc, char **argv, void *object,
				   struct options_result *result) __attribute__((warn_unused_result));

void options_help(const struct options_command *command, FILE *out);
/* "Try 'floatprobe check --help'." */
void options_hint(const struct options_command *command, FILE *out);

#endif
