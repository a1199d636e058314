#include "client/evidence/query.h"

#include "common/system/clock.h"

#include <sodium.h>
#include <string.h>

enum {
	RELAY_ROOM = WIRE_EVIDENCE_UDP_LEN - (int)WIRE_TAIL(1) - WIRE_TLV_HEADER_LEN, /* space for the inner query */
};

size_t query_len(const struct channel *channel)
{
	return channel->transport == PACKET_TCP && channel->witness == CHANNEL_DIRECT ? QUERY_LEN_MAX
										      : WIRE_EVIDENCE_UDP_LEN;
}

static size_t text_room(size_t len)
{
	return len - WIRE_TAIL(1) - WIRE_TLV_HEADER_LEN - SEAL_NONCE_LEN - SEAL_TAG_LEN;
}

size_t query_text_len(const struct channel *channel)
{
	return text_room(channel->witness == CHANNEL_DIRECT ? query_len(channel) : (size_t)RELAY_ROOM);
}

/* -- encoding -- */

static struct packet_request request_of(const struct query_codec *codec, const struct channel *channel,
					enum packet_role role, uint64_t flow_id, uint32_t seq)
{
	struct packet_request request = {
		.role = role,
		.seq = seq,
		.sent_ns = clock_real_ns(),
		.flow_id = flow_id,
		.destination = channel->endpoint,
		.transport = channel->transport,
		.token = keyring_token(codec->keyring, flow_id, seq),
		.slots = 1,
	};

	memcpy(request.client_key, codec->keyring->identity->public_key, WIRE_KEY_LEN);
	return request;
}

/* Write, encrypt and seal a query of exactly len octets for the server. ticket: of the request's flow, or NULL. */
static bool write_query(struct query_codec *codec, const struct channel *channel, const struct evidence_query *query,
			const struct packet_request *request, struct seal_ticket *ticket, uint8_t *buf, size_t len)
{
	const struct keyring_key *key = keyring_of(codec->keyring, channel->server);
	uint8_t nonce[SEAL_NONCE_LEN];
	size_t value_len;
	uint8_t *value;

	packet_write_request(buf, len, request);
	value = packet_evidence(buf, len, 1, &value_len);
	if (!evidence_write_query(codec->text, text_room(len), query))
		return false;
	randombytes_buf(nonce, sizeof nonce);
	seal_evidence(key->pair.query, nonce, buf, value, codec->text, text_room(len));
	keyring_seal(codec->keyring, request->transport, buf, len, &key, 1, ticket);
	return true;
}

/* Wrap the query in a relay to the witness. The witness forwards it over UDP, whatever the relay's protocol. */
static bool write_relay(struct query_codec *codec, struct channel *channel, const struct evidence_query *query,
			uint32_t seq, uint8_t *buf, size_t len)
{
	struct packet_request inner = request_of(codec, channel, PACKET_QUERY, channel->inner_flow_id, seq);
	struct packet_request outer = request_of(codec, channel, PACKET_RELAY, channel->prober.flow_id, seq);
	const struct keyring_key *witness = keyring_of(codec->keyring, (unsigned)channel->witness);
	size_t value_len;

	inner.transport = PACKET_UDP;
	inner.destination = (struct endpoint){ 0 }; /* the witness knows the server's address */
	outer.heard = channel->prober.heard;
	if (!write_query(codec, channel, query, &inner, NULL, codec->inner, RELAY_ROOM))
		return false;
	packet_write_request(buf, len, &outer);
	memcpy(packet_evidence(buf, len, 1, &value_len), codec->inner, RELAY_ROOM);
	keyring_seal(codec->keyring, outer.transport, buf, len, &witness, 1, &channel->prober.ticket);
	return true;
}

bool query_write(struct query_codec *codec, struct channel *channel, const struct evidence_query *query, uint32_t seq,
		 uint8_t *buf)
{
	struct packet_request request;

	if (channel->witness != CHANNEL_DIRECT)
		return write_relay(codec, channel, query, seq, buf, query_len(channel));
	request = request_of(codec, channel, PACKET_QUERY, channel->prober.flow_id, seq);
	request.heard = channel->prober.heard;
	return write_query(codec, channel, query, &request, &channel->prober.ticket, buf, query_len(channel));
}

/* -- decoding -- */

static bool open_answer(struct query_codec *codec, const struct channel *channel, const struct packet_reply *reply,
			uint8_t *buf, size_t len, struct evidence_answer *answer)
{
	const struct keyring_key *key = keyring_find(codec->keyring, reply->server_key);
	size_t value_len;
	uint8_t *value;

	if (!key || key->server != channel->server || reply->role != PACKET_ANSWER || reply->status != PACKET_OK)
		return false;
	value = packet_evidence(buf, len, reply->slots, &value_len);
	return value_len >= SEAL_NONCE_LEN + SEAL_TAG_LEN && value_len <= sizeof codec->text &&
	       seal_evidence_open(key->pair.answer, buf, value, value_len, codec->text) &&
	       evidence_read_answer(codec->text, value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN, answer);
}

static bool is_from_server(const struct query_codec *codec, const struct channel *channel,
			   const struct packet_reply *reply, const uint8_t *buf)
{
	const struct keyring_key *key = keyring_find(codec->keyring, reply->server_key);

	return key && key->server == channel->server &&
	       seal_reply_mac_holds(&key->pair, PACKET_UDP, buf, RELAY_ROOM, reply->slots);
}

/* A relayed answer is as trustworthy as a direct one: the server computes its MAC with our key. */
bool query_open(struct query_codec *codec, const struct channel *channel, const struct packet_reply *outer,
		uint8_t *buf, size_t len, struct evidence_answer *answer)
{
	struct packet_reply reply;
	size_t value_len;
	uint8_t *value;

	if (channel->witness == CHANNEL_DIRECT)
		return open_answer(codec, channel, outer, buf, len, answer);
	if (outer->role != PACKET_RELAYED || outer->status != PACKET_OK)
		return false;
	value = packet_evidence(buf, len, outer->slots, &value_len);
	return value_len >= RELAY_ROOM && packet_read_reply(value, RELAY_ROOM, &reply) == PACKET_FAULT_NONE &&
	       reply.flow_id == channel->inner_flow_id && reply.seq == outer->seq &&
	       is_from_server(codec, channel, &reply, value) &&
	       open_answer(codec, channel, &reply, value, RELAY_ROOM, answer);
}
