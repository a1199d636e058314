#include "common/core/receipts.h"

enum { WORD_BITS = 64, WORDS = RECEIPTS_WINDOW / WORD_BITS };

/* Shift the window by n numbers, so that bit 0 stands for newest + n. */
static void window_advance(uint64_t bitmap[WORDS], uint32_t n)
{
	unsigned words = n / WORD_BITS, bits = n % WORD_BITS;

	for (unsigned to = WORDS; to-- > 0;) {
		uint64_t high = to >= words ? bitmap[to - words] : 0;
		uint64_t low = to >= words + 1 ? bitmap[to - words - 1] : 0;

		bitmap[to] = bits ? high << bits | low >> (WORD_BITS - bits) : high;
	}
}

static void count_saturating(uint16_t *counter)
{
	if (*counter < UINT16_MAX)
		++*counter;
}

static enum receipts_mark note_behind(struct receipts *r, uint32_t behind)
{
	uint64_t bit = UINT64_C(1) << behind % WORD_BITS;

	if (behind >= RECEIPTS_WINDOW) {
		count_saturating(&r->late);
		return RECEIPTS_LATE;
	}
	if (r->bitmap[behind / WORD_BITS] & bit) {
		count_saturating(&r->duplicates);
		return RECEIPTS_DUPLICATE;
	}
	r->bitmap[behind / WORD_BITS] |= bit;
	r->received++;
	return RECEIPTS_NEW;
}

enum receipts_mark receipts_note(struct receipts *r, uint32_t seq)
{
	if (r->received == 0)
		r->first = r->newest = seq;
	if (seq > r->newest) {
		window_advance(r->bitmap, seq - r->newest);
		r->newest = seq;
	}
	return note_behind(r, r->newest - seq);
}

enum receipts_status receipts_status(const struct receipts *r, uint32_t seq)
{
	uint32_t behind = r->newest - seq;

	if (r->received == 0)
		return RECEIPTS_UNKNOWN;
	if (seq > r->newest)
		return RECEIPTS_MISSING;
	if (behind >= RECEIPTS_WINDOW)
		return RECEIPTS_UNKNOWN;
	if (r->bitmap[behind / WORD_BITS] >> behind % WORD_BITS & 1)
		return RECEIPTS_ARRIVED;
	return seq < r->first ? RECEIPTS_UNKNOWN : RECEIPTS_MISSING;
}

void receipts_forget(struct receipts *r, uint32_t seq)
{
	uint32_t kept = r->newest > seq ? r->newest - seq : 0; /* how many of the first bits stay */

	for (uint32_t word = 0; word<WORDS; word++, kept = kept> WORD_BITS ? kept - WORD_BITS : 0) {
		if (kept < WORD_BITS)
			r->bitmap[word] &= (UINT64_C(1) << kept) - 1;
	}
	if (r->first <= seq)
		r->first = seq + 1;
}
