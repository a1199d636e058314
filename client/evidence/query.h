/* Encoding of queries and decoding of answers. A query is encrypted and signed for the server; for a witness it is
 * wrapped in a relay. No I/O. */
#ifndef FLOATPROBE_QUERY_H
#define FLOATPROBE_QUERY_H

#include "client/evidence/channel.h"
#include "client/evidence/keyring.h"
#include "common/core/evidence.h"
#include "common/core/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUERY_LEN_MAX = WIRE_MESSAGE_MAX };

struct query_codec { /* keys and buffers */
	const struct keyring *keyring;
	uint8_t text[WIRE_MESSAGE_MAX];
	uint8_t inner[WIRE_EVIDENCE_UDP_LEN];
};

/* Length of a query over this channel, and of its answer; and of the plaintext in them. */
size_t query_len(const struct channel *channel);
size_t query_text_len(const struct channel *channel);

/* Write the query into query_len octets. seq: the number that the channel's prober gave it. false: it does not fit. */
bool query_write(struct query_codec *codec, struct channel *channel, const struct evidence_query *query, uint32_t seq,
		 uint8_t *buf) __attribute__((warn_unused_result));

/* Decrypt an answer, direct or relayed, whose outer MAC is valid. false: it contains no evidence of the server. */
bool query_open(struct query_codec *codec, const struct channel *channel, const struct packet_reply *reply,
		uint8_t *buf, size_t len, struct evidence_answer *answer) __attribute__((warn_unused_result));

#endif
