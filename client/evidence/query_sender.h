/* Writes queries and sends them over a channel. querier.h decides which server is asked, when, and over which channels.
 */
#ifndef FLOATPROBE_QUERY_SENDER_H
#define FLOATPROBE_QUERY_SENDER_H

#include "client/evidence/channel.h"
#include "client/evidence/query.h"
#include "client/evidence/server_macs.h"
#include "client/evidence/translations.h"
#include "client/net/link.h"
#include "client/net/tcp_dialer.h"
#include "client/net/udp_dialer.h"
#include "client/path/paths.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct query_sender { /* all pointers are borrowed */
	const struct paths *paths;
	struct channels *channels;
	struct udp_dialer *udp;
	struct tcp_dialer *tcp;
	const struct link_ops *link; /* NULL: nothing is known of this host's links */
	struct query_codec codec;
	struct translations translations; /* the queries tell them */
	unsigned packets;                 /* sent so far; the caller may set it to 0 */
	struct evidence_query query;
	uint8_t packet[QUERY_LEN_MAX];
};

/* Ask the channel's server about the losses of its paths. *from: index of the server's path with which the query
 * begins; the next one continues where this one ended, so that all paths are covered in turn. */
void query_sender_ask(struct query_sender *sender, struct channel *channel, size_t *from, struct server_macs *macs,
		      int64_t now_ns);

/* Ask whether it hears other clients where another server answers us. *from as above. false: there is no such place, or
 * no memory. */
bool query_sender_ask_places(struct query_sender *sender, struct channel *channel, size_t *from, int64_t now_ns);

#endif
