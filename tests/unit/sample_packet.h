/* A request and a reply with a different value in every field, for the tests of the wire. */
#ifndef FLOATPROBE_SAMPLE_PACKET_H
#define FLOATPROBE_SAMPLE_PACKET_H

#include "common/core/packet.h"

static inline struct endpoint sample_endpoint_v4(uint8_t last, uint16_t port)
{
	return (struct endpoint){ .address = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 18, 1, last },
				  .port = port };
}

static inline struct endpoint sample_endpoint_v6(uint8_t last, uint16_t port)
{
	return (struct endpoint){ .address = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last },
				  .port = port };
}

static inline struct packet_request sample_request(unsigned slots)
{
	struct packet_request request = {
		.role = PACKET_PROBE,
		.seq = 0x01020304,
		.sent_ns = 1790000000123456789,
		.flags = PACKET_SIGN_REPLY,
		.flow_id = 0x1122334455667788,
		.destination = sample_endpoint_v4(5, WIRE_PORT),
		.transport = PACKET_UDP,
		.heard = { 0x01020303, 77, { 0x8000000000000001, 2, 3, 0xf000000000000004 } },
		.slots = slots,
	};

	for (unsigned i = 0; i < WIRE_KEY_LEN; i++)
		request.client_key[i] = (uint8_t)(0x40 + i);
	return request;
}

static inline struct packet_reply sample_reply(unsigned slots)
{
	struct packet_reply reply = {
		.role = PACKET_REPLY,
		.seq = 0x01020304,
		.sent_ns = 1790000000123456789,
		.received_ns = 1790000000223456789,
		.replied_ns = 1790000000223466790,
		.ttl = 61,
		.tos = 0xb8,
		.status = PACKET_CLOCK_SKEW,
		.flags = PACKET_DUPLICATE | PACKET_NEW_FLOW,
		.flow_id = 0x1122334455667788,
		.boot_id = 0x99aabbccddeeff01,
		.arrived_on = sample_endpoint_v4(26, WIRE_PORT),
		.seen_source = sample_endpoint_v6(9, 40123),
		.receipts = { 7, 0x01020304, 70, 3, 2, { 0xf, 0xf0, 0xf00, 0x8000000000000000 } },
		.slots = slots,
	};

	for (unsigned i = 0; i < WIRE_KEY_LEN; i++)
		reply.server_key[i] = (uint8_t)(0xa0 + i);
	return reply;
}

#endif
