/* Servers that ask each other: the real witness between simulated machines, as relays.c has it under libuv. */
#ifndef FLOATPROBE_SIM_PEERS_H
#define FLOATPROBE_SIM_PEERS_H

#include "tests/sim/machine.h"

/* Every other machine of the network is its peer from now on, if machines of this network are peers at all. */
void peers_start(struct machine *machine);
void peers_stop(struct machine *machine);

enum peers_result {
	PEERS_DROPPED,
	PEERS_REPLIED, /* the reply stands in request->buf */
	PEERS_WAITING, /* origin->reply will be called, later */
};
/* A request whose outcome is REFLECTOR_TO_RELAY. */
enum peers_result peers_take(struct machine *machine, const struct reflector_request *request,
			     const struct witness_origin *origin);

#endif
