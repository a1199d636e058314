/* What an application with an open TCP connection experiences while the address moves. Pure: events in; times are
 * monotonic. */
#ifndef FLOATPROBE_CONNECTION_H
#define FLOATPROBE_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

enum connection_fate {
	CONNECTION_NONE,   /* it was never open */
	CONNECTION_KEPT,   /* it is answered */
	CONNECTION_RESET,  /* by a RST or an ICMP error */
	CONNECTION_CLOSED, /* the server closed it, or sent what is no answer */
	CONNECTION_HUNG,   /* a request waits for its answer longer than CONNECTION_HUNG_NS */
};
const char *connection_fate_word(enum connection_fate fate);

struct connection {
	int server;            /* who answered last; -1: nobody yet */
	int64_t asked_ns;      /* when the request left that waits for its answer; 0: none */
	int64_t ended_ns;      /* 0: it is open */
	bool reset;            /* how it ended */
	int64_t stalled_ns;    /* the longest wait for an answer */
	int64_t stall_from_ns; /* when that wait began */
	uint32_t answers;
};

void connection_init(struct connection *connection);
void connection_asked(struct connection *connection, int64_t now_ns);
void connection_answered(struct connection *connection, int server, int64_t now_ns);
void connection_ended(struct connection *connection, bool reset, int64_t now_ns);

/* As of now; a wait that has not ended counts. */
enum connection_fate connection_fate(const struct connection *connection, int64_t now_ns);
int64_t connection_stalled_ns(const struct connection *connection, int64_t now_ns);

#endif
