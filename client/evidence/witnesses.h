/* Which servers are tried as witnesses for one server, in turn. A server that says that this one is no peer of its own
 * is not tried again. Pure. */
#ifndef FLOATPROBE_WITNESSES_H
#define FLOATPROBE_WITNESSES_H

#include <stdint.h>

struct witnesses {
	unsigned next;    /* index of the server that is tried next */
	uint8_t *no_peer; /* a bit per server; NULL: none said so */
};

/* Each server begins with another witness, so that the load is spread. */
void witnesses_init(struct witnesses *witnesses, unsigned server, unsigned servers_len);
void witnesses_free(struct witnesses *witnesses);

/* The next witness for the server; -1: it is the turn of one that is none. */
int witnesses_next(struct witnesses *witnesses, unsigned server, unsigned servers_len);
/* The witness said that the server is no peer of its own. If memory is out, it is tried again. */
void witnesses_exclude(struct witnesses *witnesses, unsigned witness, unsigned servers_len);

#endif
