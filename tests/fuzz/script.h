/* The language of requests in inputs: steps of 16 octets, some followed by octets of their own. make_seeds writes it;
 * script.c holds the keys of all parties and makes the request of a step. */
#ifndef FLOATPROBE_FUZZ_SCRIPT_H
#define FLOATPROBE_FUZZ_SCRIPT_H

#include "common/core/seal.h"
#include "server/reflect/reflector.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SCRIPT_MODE = 0,
	SCRIPT_WHO = 1, /* bits 0-1: client (the last one is a stranger); 2-3: slots - 1; 4-5: our slot; 6-7: flow */
	SCRIPT_ADVANCE = 2, /* time goes on by 2^(this % 40) ns first */
	SCRIPT_SOURCE = 3,  /* last octet of the sender's address; the top bit chooses IPv6 */
	SCRIPT_SEQ = 4,     /* 4 */
	SCRIPT_LEN = 8,     /* 2: of the packet, limited to what a packet may be; of a raw one, as it is */
	SCRIPT_SKEW = 10,   /* 2: seconds, signed, that the sender's clock is ahead */
	SCRIPT_PATCH = 12,  /* 2: offset of the octet that is changed, modulo WIRE_PROBE_MIN */
	SCRIPT_XOR = 14,    /* by this */
	SCRIPT_HEARD = 15,  /* replies acknowledged */
	SCRIPT_STEP_LEN = 16,
};

enum {                           /* SCRIPT_MODE */
       SCRIPT_RAW = 0x01,        /* the packet is what follows the step; nothing else is done to it */
       SCRIPT_MAC = 0x02,        /* all slots are filled, one of them for our server */
       SCRIPT_SIGN = 0x04,       /* .. and signed */
       SCRIPT_QUERY = 0x08,      /* a query; its plain text is what follows the step */
       SCRIPT_TCP = 0x10,        /* arrives by TCP */
       SCRIPT_SIGN_REPLY = 0x20, /* asks for a signed reply */
       SCRIPT_EARLY = 0x40,      /* the patch comes before the seals: well sealed, but strange */
       SCRIPT_OTHER = 0x80,      /* RAW: no packet, but the list of clients loses its last one, or gets it back;
				  * QUERY: a relay of a query, which what follows the step is XORed to; else: wants a twin */
};

enum {
	SCRIPT_CLIENTS = 2,
	SCRIPT_STRANGER = SCRIPT_CLIENTS,
	SCRIPT_PARTIES,
	SCRIPT_FLOWS = 4,
	SCRIPT_PACKET_MAX = 1500,
};

extern struct seal_identity script_server, script_peer, script_parties[SCRIPT_PARTIES];
extern struct seal_pair script_pairs[SCRIPT_PARTIES]; /* of each party and the server */
extern struct seal_pair script_peer_pair;             /* of the first client and the peer */
extern struct reflector_client script_clients[SCRIPT_CLIENTS];
extern const struct reflector_settings script_reflector; /* of our server; the caller adds `collect` */

void script_start(void); /* make the keys */
unsigned script_who(const uint8_t *step);
enum packet_transport script_transport(const uint8_t *step);
struct endpoint script_address(uint8_t choice, uint16_t port);
/* Write the request of a step that is not RAW, made at this time. own: what follows the step. */
void script_write(const uint8_t *step, int64_t real_ns, uint8_t *buf, size_t len, const uint8_t *own, size_t own_len);
/* Can this step be what its sender sealed? */
bool script_is_sealed(const uint8_t *step);

#endif
