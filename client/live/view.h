/* The page of the live view: from the model to a grid. Pure, but formats text. */
#ifndef FLOATPROBE_LIVE_VIEW_H
#define FLOATPROBE_LIVE_VIEW_H

#include "client/live/grid.h"
#include "client/live/model.h"

#include <stdbool.h>

/* Fill the grid, which has its size. utf8: the terminal shows it. Moves model->top so that the selected row is on the
 * page. */
void view_draw(struct model *model, struct grid *grid, bool utf8);

#endif
