/* The terminal, drawn by ncurses. It is restored however the process ends. */
#ifndef FLOATPROBE_SCREEN_H
#define FLOATPROBE_SCREEN_H

#include "client/live/grid.h"
#include "client/live/model.h"

#include <stdbool.h>

/* Can standard output show the view? Not if it is no terminal, or one without a cursor (TERM=dumb). */
bool screen_is_possible(void);
/* false: the terminal cannot be used. */
bool screen_open(void);
void screen_close(void);
/* After a signal, in its handler: async-signal-safe. */
void screen_restore(void);

void screen_size(unsigned *rows, unsigned *columns);
void screen_draw(const struct grid *grid);
/* The size of the terminal changed. */
void screen_resize(void);
/* Stop the process as Ctrl-Z does, and come back. */
void screen_suspend(void);

/* The next key that was pressed; MODEL_NO_KEY: none. */
enum model_key screen_key(void);

#endif
