#include "client/live/screen.h"

#include "client/output/terminal.h"

#include <curses.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#undef columns /* a macro of term.h */
#undef lines

enum { RESTORE_LEN = 128, ESCAPE_MS = 25, KEY_ESCAPE = 27, KEY_RETURN = 13 };

static struct {
	bool open;
	bool has_modes;
	SCREEN *curses;
	struct termios modes; /* as they were before */
	char restore[RESTORE_LEN];
	size_t restore_len;
	bool colours;
} screen;

static bool has_capability(char *name)
{
	const char *text = tigetstr(name);

	return text && (intptr_t)text != -1; /* -1: it is no text */
}

bool screen_is_possible(void)
{
	bool possible;
	int error;

	if (!terminal_is(STDOUT_FILENO) || setupterm(NULL, STDOUT_FILENO, &error) != OK)
		return false;
	possible = has_capability("cup") && has_capability("clear");
	del_curterm(cur_term);
	return possible;
}

/* -- restoring -- */

void screen_restore(void)
{
	ssize_t written;

	if (!screen.open)
		return;
	written = write(STDOUT_FILENO, screen.restore, screen.restore_len);
	(void)written;
	if (screen.has_modes)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen.modes);
}

static void crashed(int number)
{
	screen_restore();
	raise(number); /* its default action was restored by SA_RESETHAND */
}

static void catch_crashes(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT };
	struct sigaction action = { .sa_handler = crashed, .sa_flags = SA_RESETHAND | SA_NODEFER };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaction(numbers[i], &action, NULL);
}

static void keep(char *capability)
{
	char *text = tigetstr(capability);
	size_t len;

	if (!has_capability(capability))
		return;
	len = strlen(text);
	if (screen.restore_len + len > RESTORE_LEN)
		return;
	memcpy(screen.restore + screen.restore_len, text, len);
	screen.restore_len += len;
}

/* What ncurses writes at its end. */
static void keep_restore(void)
{
	static char *names[] = { "sgr0", "op", "rmkx", "cnorm", "rmcup" };

	screen.restore_len = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		keep(names[i]);
}

/* -- opening -- */

static bool colours_wanted(void)
{
	const char *no_color = getenv("NO_COLOR");

	return has_colors() && !(no_color && *no_color);
}

static void start_colours(void)
{
	static const short colours[GRID_STYLES] = {
		[GRID_TITLE] = -1, /* the terminal's own */
		[GRID_GOOD] = COLOR_GREEN,
		[GRID_WARNING] = COLOR_YELLOW,
		[GRID_BAD] = COLOR_RED,
		[GRID_HOLDER] = COLOR_GREEN,
		[GRID_HOLDER + 1] = COLOR_CYAN,
		[GRID_HOLDER + 2] = COLOR_BLUE,
		[GRID_HOLDER_LAST] = COLOR_MAGENTA,
	};

	screen.colours = colours_wanted();
	if (!screen.colours)
		return;
	start_color();
	use_default_colors();
	for (int i = 1; i < GRID_STYLES; i++)
		init_pair((short)i, colours[i], -1);
}

/* Ctrl-S would stop the terminal, and with the next page the probes. */
static void ignore_flow_control(void)
{
	struct termios modes;

	if (tcgetattr(STDIN_FILENO, &modes) != 0)
		return;
	modes.c_iflag &= ~(tcflag_t)IXON;
	tcsetattr(STDIN_FILENO, TCSANOW, &modes);
	def_prog_mode();
}

/* ncurses ignores SIGTSTP while it draws, which loses a Ctrl-Z, unless the program has the signal already. */
static SCREEN *new_screen(void)
{
	struct sigaction before, ours = { .sa_handler = SIG_IGN };
	SCREEN *made;

	sigaction(SIGTSTP, &ours, &before);
	made = newterm(NULL, stdout, stdin);
	sigaction(SIGTSTP, &before, NULL);
	return made;
}

bool screen_open(void)
{
	screen.has_modes = tcgetattr(STDIN_FILENO, &screen.modes) == 0;
	screen.curses = new_screen();
	if (!screen.curses)
		return false;
	cbreak();
	noecho();
	nonl();
	ignore_flow_control();
	curs_set(0);
	set_escdelay(ESCAPE_MS);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	start_colours();
	keep_restore();
	screen.open = true;
	catch_crashes();
	atexit(screen_close);
	return true;
}

void screen_close(void)
{
	if (!screen.open)
		return;
	screen.open = false;
	endwin();
	delscreen(screen.curses);
	fflush(stdout);
	if (screen.has_modes)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen.modes);
}

/* -- drawing -- */

void screen_size(unsigned *rows, unsigned *columns)
{
	*rows = (unsigned)getmaxy(stdscr);
	*columns = (unsigned)getmaxx(stdscr);
}

static attr_t attributes(const struct grid_cell *cell)
{
	attr_t a = cell->selected ? A_REVERSE : A_NORMAL;

	if (cell->style == GRID_TITLE || cell->style == GRID_BAD || cell->style == GRID_WARNING)
		a |= A_BOLD;
	return a;
}

void screen_draw(const struct grid *grid)
{
	for (unsigned row = 0; row < grid->rows; row++) {
		for (unsigned column = 0; column < grid->columns; column++) {
			const struct grid_cell *cell = grid_at(grid, row, column);
			attr_set(attributes(cell), screen.colours ? (short)cell->style : 0, NULL);
			mvaddstr((int)row, (int)column, cell->text);
		}
	}
	attr_set(A_NORMAL, 0, NULL);
	refresh();
}

void screen_resize(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	clearok(stdscr, TRUE);
}

void screen_suspend(void)
{
	endwin();
	fflush(stdout);
	raise(SIGSTOP);
	refresh(); /* ncurses takes the terminal again */
	screen_resize();
}

/* -- keys -- */

enum model_key screen_key(void)
{
	static const struct {
		int code;
		enum model_key key;
	} keys[] = {
		{ KEY_UP, MODEL_UP },          { 'k', MODEL_UP },
		{ KEY_DOWN, MODEL_DOWN },      { 'j', MODEL_DOWN },
		{ KEY_PPAGE, MODEL_PAGE_UP },  { KEY_NPAGE, MODEL_PAGE_DOWN },
		{ KEY_HOME, MODEL_HOME },      { KEY_END, MODEL_END },
		{ 's', MODEL_SORT },           { 'p', MODEL_PAUSE },
		{ ' ', MODEL_PAUSE },          { 'e', MODEL_EXPAND },
		{ KEY_RETURN, MODEL_DETAILS }, { '\n', MODEL_DETAILS },
		{ 'd', MODEL_DETAILS },        { KEY_ENTER, MODEL_DETAILS },
		{ '?', MODEL_HELP },           { 'h', MODEL_HELP },
		{ 'q', MODEL_QUIT },
	};

	for (int code; (code = getch()) != ERR;) {
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
			if (keys[i].code == code)
				return keys[i].key;
		}
	}
	return MODEL_NO_KEY;
}
