#include "client/live/grid.h"

#include "common/core/printable.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_LEN = 1024 };

bool grid_clear(struct grid *grid, unsigned rows, unsigned columns)
{
	if (rows != grid->rows || columns != grid->columns) {
		grid_free(grid);
		grid->cells = calloc((size_t)rows * columns + 1, sizeof *grid->cells);
		if (!grid->cells)
			return false;
		grid->rows = rows;
		grid->columns = columns;
	}
	for (size_t i = 0; i < (size_t)rows * columns; i++)
		grid->cells[i] = (struct grid_cell){ .text = " " };
	return true;
}

void grid_free(struct grid *grid)
{
	free(grid->cells);
	*grid = (struct grid){ .rows = 0 };
}

const struct grid_cell *grid_at(const struct grid *grid, unsigned row, unsigned column)
{
	return &grid->cells[(size_t)row * grid->columns + column];
}

static size_t character_len(const char *text)
{
	size_t len = 1;

	while (((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

unsigned grid_put(struct grid *grid, unsigned row, unsigned column, unsigned width, enum grid_style style,
		  const char *text)
{
	char clean[TEXT_LEN];
	unsigned end = column + width < grid->columns ? column + width : grid->columns;
	const char *at = clean;

	printable(clean, sizeof clean, text, false);
	for (; row < grid->rows && column < end && *at; column++) {
		struct grid_cell *cell = &grid->cells[(size_t)row * grid->columns + column];
		size_t len = character_len(at);
		memset(cell->text, 0, sizeof cell->text);
		memcpy(cell->text, at, len);
		cell->style = (uint8_t)style;
		at += len;
	}
	return column;
}

void grid_select(struct grid *grid, unsigned row)
{
	for (unsigned column = 0; row < grid->rows && column < grid->columns; column++)
		grid->cells[(size_t)row * grid->columns + column].selected = true;
}
