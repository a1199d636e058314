/* Conditions of the errors that the probes got. */
#include "client/verdict/condition.h"

#include "client/verdict/condition_losses.h"

bool condition_answers_come_from_elsewhere(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_WRONG_SOURCE);
}

bool condition_answers_have_another_port(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_WRONG_SOURCE) &&
	       endpoint_same_address(&e->facts.other_source, &e->address);
}

bool condition_a_firewall_says_no(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_PROHIBITED);
}

bool condition_the_port_is_closed(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_REFUSED);
}

bool condition_nobody_answers_on_the_link(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_UNREACHABLE) && !endpoint_is_unknown(&e->facts.next_hop.address);
}

bool condition_packets_go_in_a_circle(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_UNREACHABLE) && is_hop_limit(e);
}

bool condition_no_route_to_the_host(const struct verdict_evidence *e, enum verdict_state state)
{
	return explained_by(e, state, PROBER_UNREACHABLE);
}
