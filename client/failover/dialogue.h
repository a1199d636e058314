/* An open TCP connection to the address, with a signed exchange every DIALOGUE_EVERY_MS, under libuv. */
#ifndef FLOATPROBE_DIALOGUE_H
#define FLOATPROBE_DIALOGUE_H

#include "client/evidence/keyring.h"
#include "client/failover/connection.h"
#include "common/core/framing.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { DIALOGUE_EVERY_MS = 100, DIALOGUE_FRAME_LEN = FRAMING_HEADER_LEN + WIRE_PROBE_MIN };

enum dialogue_state { DIALOGUE_IDLE, DIALOGUE_CONNECTING, DIALOGUE_OPEN, DIALOGUE_CLOSING };

struct dialogue {
	struct connection seen;
	enum dialogue_state state;
	uv_loop_t *loop;
	const struct keyring *keyring;
	struct endpoint endpoint;
	unsigned servers[WIRE_SLOTS_MAX]; /* who may answer; indexes in the configuration */
	unsigned servers_len;
	uint64_t flow_id;
	uint32_t seq;
	struct seal_ticket ticket;
	uv_tcp_t tcp;
	uv_connect_t connecting;
	uv_write_t writing;
	uv_timer_t timer;
	unsigned closing; /* handles whose close callback has not run */
	size_t in_len;
	uint8_t out[DIALOGUE_FRAME_LEN], in[DIALOGUE_FRAME_LEN];
};

/* Open it; the state is IDLE. All pointers are borrowed. The struct has to live until the loop has closed its handles.
 * What it experiences is in `seen`. */
void dialogue_open(struct dialogue *dialogue, uv_loop_t *loop, const struct keyring *keyring,
		   const struct endpoint *endpoint, const unsigned *servers, unsigned servers_len);
void dialogue_close(struct dialogue *dialogue);

#endif
