#include "common/system/completion.h"

#include <string.h>

/* Call put for each option of the command, those of every command included. */
static void each_option(const struct options_command *command, void (*put)(FILE *out, const struct options_spec *spec),
			FILE *out)
{
	const struct options_spec *tables[] = { command->specs, command->more, options_common };

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		for (const struct options_spec *spec = tables[i]; spec && spec->name; spec++)
			put(out, spec);
	}
}

static bool takes_files(const struct options_command *command)
{
	return command->operands && strstr(command->operands, "FILE");
}

static bool is_file(const struct options_spec *spec)
{
	return spec->argument && strcmp(spec->argument, "FILE") == 0;
}

static bool is_dir(const struct options_spec *spec)
{
	return spec->argument && strcmp(spec->argument, "DIR") == 0;
}

static bool is_choice(const struct options_spec *spec)
{
	return spec->argument && strchr(spec->argument, '|');
}

/* The words of text|json|nagios, separated by spaces. */
static void put_choice(FILE *out, const struct options_spec *spec)
{
	for (const char *p = spec->argument; *p; p++)
		fputc(*p == '|' ? ' ' : *p, out);
}

/* ---- bash ---- */

static void bash_option(FILE *out, const struct options_spec *spec)
{
	fprintf(out, "--%s ", spec->name);
	if (spec->letter)
		fprintf(out, "-%c ", spec->letter);
}

static void bash_pattern(FILE *out, const struct options_spec *spec)
{
	fprintf(out, "\t\t--%s", spec->name);
	if (spec->letter)
		fprintf(out, "|-%c", spec->letter);
	fputs(") ", out);
}

static void bash_value(FILE *out, const struct options_spec *spec)
{
	if (!spec->argument)
		return;
	bash_pattern(out, spec);
	if (is_file(spec) || is_dir(spec)) {
		fprintf(out, "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -%c -- \"$cur\"); ",
			is_file(spec) ? 'f' : 'd');
	} else if (is_choice(spec)) {
		fputs("mapfile -t COMPREPLY < <(compgen -W '", out);
		put_choice(out, spec);
		fputs("' -- \"$cur\"); ", out);
	}
	fputs("return;;\n", out);
}

static void bash_command(FILE *out, const struct options_command *command)
{
	fprintf(out, "\t%s)\n\t\tcase \"$prev\" in\n", command->name ? command->name : "*");
	each_option(command, bash_value, out);
	fputs("\t\tesac\n\t\twords='", out);
	each_option(command, bash_option, out);
	fprintf(out, "'\n\t\tfiles=%s;;\n", takes_files(command) ? "yes" : "");
}

static void bash_commands(FILE *out, const struct options_command *const *commands, size_t commands_len)
{
	fputs("\t'') words='help version --help --version", out);
	for (size_t i = 0; i < commands_len; i++)
		fprintf(out, " %s", commands[i]->name);
	fputs("';;\n\thelp) words='", out);
	for (size_t i = 0; i < commands_len; i++)
		fprintf(out, "%s ", commands[i]->name);
	fputs("';;\n", out);
}

static void print_bash(const char *program, const struct options_command *const *commands, size_t len, FILE *out)
{
	fprintf(
	    out,
	    "# bash completion for %s, made from its table of options\n"
	    "_%s()\n{\n"
	    "\tlocal cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" cmd= words= files=\n"
	    "\tif [ \"$cur\" = = ]; then cur=; elif [ \"$prev\" = = ]; then prev=\"${COMP_WORDS[COMP_CWORD-2]}\"; fi\n"
	    "\t[ \"$COMP_CWORD\" -gt 1 ] && cmd=\"${COMP_WORDS[1]}\"\n"
	    "\tCOMPREPLY=()\n\tcase \"$cmd\" in\n",
	    program, program);
	if (commands[0]->name)
		bash_commands(out, commands, len);
	for (size_t i = 0; i < len; i++)
		bash_command(out, commands[i]);
	fprintf(out,
		"\tesac\n"
		"\tif [ -n \"$files\" ] && [ \"${cur#-}\" = \"$cur\" ]; then\n"
		"\t\tcompopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
		"\telse\n"
		"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		"\tfi\n}\n"
		"complete -F _%s %s\n",
		program, program);
}

/* ---- zsh ---- */

/* The first line of a text, without what ends a specification. */
static void zsh_text(FILE *out, const char *text)
{
	for (; *text && *text != '\n'; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr("[]:\\", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void zsh_form(FILE *out, const struct options_spec *spec, const char *dashes, const char *name, int name_len)
{
	fprintf(out, " \\\n\t\t\t'%s%.*s%s[", dashes, name_len, name, spec->argument ? (dashes[1] ? "=" : "+") : "");
	zsh_text(out, spec->help);
	fputc(']', out);
	if (spec->argument) {
		fprintf(out, ":%s:", is_choice(spec) ? "value" : spec->argument);
		if (is_choice(spec)) {
			fputc('(', out);
			put_choice(out, spec);
			fputc(')', out);
		} else {
			fputs(is_file(spec) ? "_files" : is_dir(spec) ? "_files -/" : " ", out);
		}
	}
	fputc('\'', out);
}

static void zsh_option(FILE *out, const struct options_spec *spec)
{
	zsh_form(out, spec, "--", spec->name, (int)strlen(spec->name));
	if (spec->letter)
		zsh_form(out, spec, "-", &spec->letter, 1);
}

static void zsh_command(FILE *out, const struct options_command *command)
{
	fprintf(out, "\t%s)\n\t\t_arguments", command->name ? command->name : "*");
	each_option(command, zsh_option, out);
	if (takes_files(command))
		fputs(" \\\n\t\t\t'*:FILE:_files'", out);
	fputs(";;\n", out);
}

static void zsh_commands(FILE *out, const struct options_command *const *commands, size_t commands_len)
{
	fputs("\tif (( CURRENT == 2 )); then\n\t\tlocal -a commands=(\n", out);
	for (size_t i = 0; i < commands_len; i++) {
		fprintf(out, "\t\t\t'%s:", commands[i]->name);
		zsh_text(out, commands[i]->summary);
		fputs("'\n", out);
	}
	fputs("\t\t\t'help:print help'\n\t\t\t'version:print the version'\n\t\t)\n"
	      "\t\t_describe command commands\n\t\treturn\n\tfi\n"
	      "\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n",
	      out);
}

static void print_zsh(const char *program, const struct options_command *const *commands, size_t len, FILE *out)
{
	fprintf(out, "#compdef %s\n# made from the table of options\n_%s()\n{\n", program, program);
	if (commands[0]->name)
		zsh_commands(out, commands, len);
	fputs(commands[0]->name ? "\tcase $command in\n" : "\tcase '' in\n", out);
	for (size_t i = 0; i < len; i++)
		zsh_command(out, commands[i]);
	fprintf(out, "\tesac\n}\n_%s \"$@\"\n", program);
}

bool completion_print(const char *shell, const char *program, const struct options_command *const *commands,
		      size_t commands_len, FILE *out)
{
	if (strcmp(shell, "bash") == 0)
		print_bash(program, commands, commands_len, out);
	else if (strcmp(shell, "zsh") == 0)
		print_zsh(program, commands, commands_len, out);
	else
		return false;
	return true;
}
