/* Questions on the wire: a query sealed and signed for the server that is asked, for a witness inside a relay; and what
 * stands under the seal of an answer. No I/O. */
#ifndef FLOATPROBE_QUERY_H
#define FLOATPROBE_QUERY_H

#include "client/evidence/channel.h"
#include "client/evidence/keyring.h"
#include "common/core/evidence.h"
#include "common/core/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUERY_LEN_MAX = WIRE_FRAME_MAX };

struct query_codec { /* where they are written and opened */
	const struct keyring *keyring;
	uint8_t text[WIRE_FRAME_MAX];
	uint8_t inner[WIRE_EVIDENCE_UDP_LEN];
};

/* How long a question by this way is, and its answer; and how long the text in them. */
size_t query_len(const struct channel *channel);
size_t query_text_len(const struct channel *channel);

/* Write it, with the number that the way's prober gave it, into query_len octets. false: the query does not fit. */
bool query_write(struct query_codec *codec, const struct channel *channel, const struct evidence_query *query,
		 uint32_t seq, uint8_t *buf) __attribute__((warn_unused_result));

/* Open an answer, or what a witness hands on, whose outer MAC holds. false: there is no evidence of the server's in it.
 */
bool query_open(struct query_codec *codec, const struct channel *channel, const struct packet_reply *reply,
		uint8_t *buf, size_t len, struct evidence_answer *answer) __attribute__((warn_unused_result));

#endif
