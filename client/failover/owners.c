#include "client/failover/owners.h"

void owners_note(struct owners *o, unsigned slot, bool has, bool after)
{
	unsigned bit = 1u << slot;
	unsigned *known = after ? &o->after_known : &o->before_known, *set = after ? &o->after : &o->before;

	if (!after && *known & bit)
		return;
	*known |= bit;
	*set = has ? *set | bit : *set & ~bit;
}

bool owners_left_behind(const struct owners *o, int from_slot, int to_slot)
{
	if (from_slot < 0 || to_slot < 0 || from_slot == to_slot)
		return false;
	return (o->after >> from_slot & 1) && (o->before_known >> to_slot & 1) && !(o->before >> to_slot & 1);
}

unsigned owners_unheard(const struct owners *o, int from_slot)
{
	return from_slot < 0 ? 0 : o->after & o->before_known & ~o->before & ~(1u << from_slot);
}
