/* The names of the newest connections of this host, to tell whether another one may have the same name. Where a kernel
 * shares one timestamp clock among connections, two that begin in the same millisecond have the same name. Pure. */
#ifndef FLOATPROBE_TCP_NAMES_H
#define FLOATPROBE_TCP_NAMES_H

#include "client/net/tcp_name.h"

#include <stdbool.h>
#include <stdint.h>

enum { TCP_NAMES_MAX = 4096 }; /* a power of two; what 4,000 connections a second leave in the second after one */

struct tcp_names {
	struct tcp_names_entry {
		int64_t read_ns; /* monotonic */
		uint16_t port;   /* local; 0: not known */
		struct tcp_name name;
	} ring[TCP_NAMES_MAX];
	uint64_t len; /* of all noted so far */
};

/* A connection has left from this port: its name was read at this time. Returns its number. */
uint64_t tcp_names_note(struct tcp_names *names, const struct tcp_name *name, uint16_t port, int64_t read_ns);

/* Can another connection have the name of this one? Ask some time later: the next one may have it, too. True as well
 * if too many have followed to tell. */
bool tcp_names_shared(const struct tcp_names *names, uint64_t number);
/* Can another connection that is not much older have its local port? Two addresses that one server has behind a
 * translation make one there. True as well if too many have followed to tell. */
bool tcp_names_same_port(const struct tcp_names *names, uint64_t number);
/* Is an earlier connection known to have had its local port, while state of it can be left? Two addresses that are
 * translated to one make both connections the same there, and the SYN of this one is dropped. */
bool tcp_names_reused_port(const struct tcp_names *names, uint64_t number);

/* Has no earlier connection had this port, as far as is known, while state of it can be left? */
bool tcp_names_is_fresh(const struct tcp_names *names, uint16_t port, int64_t now_ns);
/* Are all connections known that state can be left of? */
bool tcp_names_are_few(const struct tcp_names *names, int64_t now_ns);

#endif
