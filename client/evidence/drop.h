/* Reasons for which the client drops a received packet. */
#ifndef FLOATPROBE_DROP_H
#define FLOATPROBE_DROP_H

#include "common/core/packet.h"

#include <stddef.h>
#include <stdint.h>

/* X-macro: name, text. */
#define DROPS(X)                                                                                                       \
	X(NONE, "taken")                                                                                               \
	X(SHORT, "shorter than a packet")                                                                              \
	X(VERSION, "another protocol version")                                                                         \
	X(MALFORMED, "not a packet of ours")                                                                           \
	X(BAD_MAC, "MAC does not hold")                                                                                \
	X(BAD_SIGNATURE, "signature does not hold")                                                                    \
	X(STRANGER_LIMIT, "over the limit of replies with an unknown key")                                             \
	X(STRANGER_BAD_MAC, "unknown key, and its MAC does not hold")                                                  \
	X(FLOW, "no flow of ours")                                                                                     \
	X(SERVER, "server that may not answer there")                                                                  \
	X(TOKEN, "reply to a request that this client did not make")                                                   \
	X(NUMBER, "no probe or query that is remembered")                                                              \
	X(EVIDENCE, "evidence that does not open")                                                                     \
	X(ECHO, "echo of no probe of ours")                                                                            \
	X(ERROR_SHORT, "error that quotes too little")                                                                 \
	X(ERROR_FLOW, "error about no flow of ours")                                                                   \
	X(ERROR_DESTINATION, "error about another destination")                                                        \
	X(ERROR_MEANING, "error that says nothing about a probe")
enum drop {
#define X(name, text) DROP_##name,
	DROPS(X)
#undef X
	    DROPS_LEN
};
const char *drop_text(enum drop drop);
const char *drop_name(enum drop drop); /* "BAD_MAC" */
enum drop drop_of_fault(enum packet_fault fault);

enum { DROP_SUMS_LEN = 1024 };

/* Format the non-zero counts except NONE: "3 MAC does not hold, 1 no flow of ours". Returns text. */
const char *drop_sums_text(const uint64_t sums[static DROPS_LEN], char text[static DROP_SUMS_LEN]);

#endif
