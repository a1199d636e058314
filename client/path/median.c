#include "client/path/median.h"

enum { MIDDLE = MEDIAN_MARKERS / 2, LAST = MEDIAN_MARKERS - 1 };

static void insert(struct median *m, int32_t value)
{
	unsigned i = m->count;

	for (; i > 0 && m->heights[i - 1] > value; i--)
		m->heights[i] = m->heights[i - 1];
	m->heights[i] = value;
	if (m->count > 0 && m->count < LAST)
		m->positions[m->count - 1] = m->count + 1;
	m->count++;
}

/* Of any marker: the first one is at 1, and the last one at the end. */
static double position(const struct median *m, unsigned i)
{
	if (i == 0)
		return 1;
	return i == LAST ? m->count : m->positions[i - 1];
}

/* Move the extremes if value is one, and return the first marker above it. */
static unsigned place(struct median *m, int32_t value)
{
	unsigned i = 1;

	if (value < m->heights[0])
		m->heights[0] = value;
	if (value > m->heights[LAST])
		m->heights[LAST] = value;
	while (i < LAST && value >= m->heights[i])
		i++;
	return i;
}

/* The height of marker i one position further (step 1) or back (step -1), by a parabola through it and its neighbours,
 * or by a line where the parabola leaves their range. */
static int32_t moved_height(const struct median *m, unsigned i, int step)
{
	double h = m->heights[i], below = m->heights[i - 1], above = m->heights[i + 1];
	double to_above = position(m, i + 1) - position(m, i), to_below = position(m, i) - position(m, i - 1);
	double parabola =
	    h + step / (to_above + to_below) *
		    ((to_below + step) * (above - h) / to_above + (to_above - step) * (h - below) / to_below);

	if (parabola > below && parabola < above)
		return (int32_t)parabola;
	return (int32_t)(step > 0 ? h + (above - h) / to_above : h - (h - below) / to_below);
}

static void adjust(struct median *m, unsigned i)
{
	double wanted = 1 + (m->count - 1) * (double)i / LAST, off = wanted - position(m, i);
	int step = 0;

	if (off >= 1 && position(m, i + 1) > position(m, i) + 1)
		step = 1;
	else if (off <= -1 && position(m, i) > position(m, i - 1) + 1)
		step = -1;
	if (step == 0)
		return;
	m->heights[i] = moved_height(m, i, step);
	m->positions[i - 1] += (uint32_t)step;
}

void median_add(struct median *m, int32_t value)
{
	if (m->count < MEDIAN_MARKERS) {
		insert(m, value);
		return;
	}
	for (unsigned i = place(m, value); i < LAST; i++)
		m->positions[i - 1]++;
	m->count++;
	for (unsigned i = 1; i < LAST; i++)
		adjust(m, i);
}

int32_t median_get(const struct median *m)
{
	if (m->count >= MEDIAN_MARKERS)
		return m->heights[MIDDLE];
	if (m->count == 0)
		return 0;
	return (int32_t)(((int64_t)m->heights[(m->count - 1) / 2] + m->heights[m->count / 2]) / 2);
}

int32_t median_min(const struct median *m)
{
	return m->count > 0 ? m->heights[0] : 0;
}

int32_t median_max(const struct median *m)
{
	if (m->count >= MEDIAN_MARKERS)
		return m->heights[LAST];
	return m->count > 0 ? m->heights[m->count - 1] : 0;
}
