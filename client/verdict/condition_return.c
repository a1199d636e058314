/* Conditions of the return path. */
#include "client/verdict/condition.h"

#include "client/verdict/condition_losses.h"

bool condition_only_the_twin_is_lost(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct twin_counts *t = &e->twins;

	return state == VERDICT_UP &&
	       (t->elsewhere > 0 || (t->both == 0 && (t->refused > 0 || t->missing >= CAUSES_TWINS_MISSING)));
}

bool condition_answers_go_to_another_machine(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct evidence_neighbour *entry = e->hints.neighbour.entry;

	return is_failing(state) && entry && entry->asked != EVIDENCE_ANSWERS && is_most(e, e->hints.neighbour.lost);
}

bool condition_another_has_our_address(const struct verdict_evidence *e, enum verdict_state state)
{
	const struct evidence_neighbour *entry = e->hints.neighbour.entry;

	return is_failing(state) && entry && entry->asked == EVIDENCE_ANSWERS && is_most(e, e->hints.neighbour.lost);
}

bool condition_answers_do_not_get_away(const struct verdict_evidence *e, enum verdict_state state)
{
	return is_failing(state) && e->hints.return_route.route && is_most_asked(e, seen(e, PROBER_LOST_RETURN));
}
