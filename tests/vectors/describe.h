/* What was read from a packet, as JSON: the words of vectors.json, for its generator and its checker alike. */
#ifndef FLOATPROBE_VECTORS_DESCRIBE_H
#define FLOATPROBE_VECTORS_DESCRIBE_H

#include "common/core/evidence.h"
#include "common/core/packet.h"

#include <jansson.h>

json_t *describe_hex(const uint8_t *octets, size_t len);
json_t *describe_fault(enum packet_fault fault);
json_t *describe_request(const struct packet_request *request);
json_t *describe_reply(const struct packet_reply *reply);
json_t *describe_query(const struct evidence_query *query);
json_t *describe_answer(const struct evidence_answer *answer);

#endif
