/* A page of characters with styles. Pure, but allocates. */
#ifndef FLOATPROBE_GRID_H
#define FLOATPROBE_GRID_H

#include <stdbool.h>
#include <stdint.h>

enum grid_style {
	GRID_PLAIN,
	GRID_TITLE,
	GRID_GOOD,
	GRID_WARNING,
	GRID_BAD,
	GRID_HOLDER, /* that of the first server; GRID_HOLDER + n: of the others */
	GRID_HOLDER_LAST = GRID_HOLDER + 3,
	GRID_STYLES,
};

enum { GRID_CHARACTER_LEN = 5 };

struct grid_cell {
	char text[GRID_CHARACTER_LEN]; /* one character in UTF-8 */
	uint8_t style;
	bool selected;
};

struct grid {
	unsigned rows, columns;
	struct grid_cell *cells; /* row by row */
};

/* An empty page of this size. false: no memory. */
bool grid_clear(struct grid *grid, unsigned rows, unsigned columns);
void grid_free(struct grid *grid);

const struct grid_cell *grid_at(const struct grid *grid, unsigned row, unsigned column);
/* Put text, at most `width` columns of it. What is outside of the page is left out. Control characters are replaced.
 * Returns the column after it. */
unsigned grid_put(struct grid *grid, unsigned row, unsigned column, unsigned width, enum grid_style style,
		  const char *text);
/* Mark a row as the one that is selected. */
void grid_select(struct grid *grid, unsigned row);

#endif
