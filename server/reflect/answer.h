/* The answer to an evidence query: what the flows and arrivals of the reflector tell, and what the system tells. Pure.
 */
#ifndef FLOATPROBE_ANSWER_H
#define FLOATPROBE_ANSWER_H

#include "server/reflect/exchange.h"

/* Fill reflector->draft for reflector->query of this exchange. nonce: random octets to seal it with. */
void answer_fill(const struct exchange *x, uint8_t nonce[SEAL_NONCE_LEN]);

#endif
