/* Completion of command lines in bash and zsh, from the tables of options. */
#ifndef FLOATPROBE_COMPLETION_H
#define FLOATPROBE_COMPLETION_H

#include "common/system/options.h"

/* Print the completion of a program. shell: "bash" or "zsh". Values are completed where the name of the value says how:
 * FILE, DIR, or words such as text|json. Returns false for another shell. */
bool completion_print(const char *shell, const char *program, const struct options_command *const *commands,
		      size_t commands_len, FILE *out);

#endif
