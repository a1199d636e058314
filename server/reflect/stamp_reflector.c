#include "server/reflect/stamp_reflector.h"

#include "common/core/bucket.h"
#include "common/core/bytes.h"
#include "common/core/ns.h"
#include "common/core/packet.h"
#include "common/core/thresholds.h"

#include <sodium.h>
#include <stdlib.h>

enum {
	PORT_MIN = 1024,
	BUCKETS = 1024,     /* source prefixes share them; the hash is keyed, so nobody can choose whose he shares */
	PREFIX_LEN_V4 = 15, /* a /24 of the 16 octets, and a /64 */
	PREFIX_LEN_V6 = 8,
	BURST = 1000,
	BURST_OF_ALL = 10000,
};
static const int64_t interval_ns = NS_PER_MS, interval_of_all_ns = NS_PER_MS / 10;

struct stamp_reflector {
	uint8_t hash_key[16];
	struct network networks[STAMP_NETWORKS_MAX];
	size_t networks_len;
	struct bucket all, prefixes[BUCKETS];
	uint64_t counts[STAMP_OUTCOMES_LEN];
};

const char *stamp_outcome_text(enum stamp_outcome outcome)
{
	static const char *const texts[] = {
#define X(name, text) text,
		STAMP_OUTCOMES(X)
#undef X
	};
	return texts[outcome];
}

const char *stamp_outcome_name(enum stamp_outcome outcome)
{
	static const char *const names[] = {
#define X(name, text) #name,
		STAMP_OUTCOMES(X)
#undef X
	};
	return names[outcome];
}

struct stamp_reflector *stamp_reflector_new(const uint8_t hash_key[16])
{
	struct stamp_reflector *r = calloc(1, sizeof *r);

	if (r)
		memcpy(r->hash_key, hash_key, sizeof r->hash_key);
	return r;
}

void stamp_reflector_free(struct stamp_reflector *reflector)
{
	free(reflector);
}

void stamp_reflector_set_networks(struct stamp_reflector *reflector, const struct network *networks, size_t len)
{
	memcpy(reflector->networks, networks, len * sizeof *networks);
	reflector->networks_len = len;
}

static bool is_known(const struct stamp_reflector *r, const struct endpoint *source)
{
	for (size_t i = 0; i < r->networks_len; i++) {
		if (network_contains(&r->networks[i], source))
			return true;
	}
	return false;
}

/* The limit of the source comes first: who is over it takes nothing from the others. */
static bool may_answer(struct stamp_reflector *r, const struct reflector_request *in)
{
	size_t len = endpoint_is_v4(&in->source) ? PREFIX_LEN_V4 : PREFIX_LEN_V6;
	uint64_t hash;

	crypto_shorthash((uint8_t *)&hash, in->source.address, len, r->hash_key);
	return bucket_take(&r->prefixes[hash % BUCKETS], in->now_ns, interval_ns, BURST) &&
	       bucket_take(&r->all, in->now_ns, interval_of_all_ns, BURST_OF_ALL);
}

static bool is_of_now(const struct reflector_request *in, size_t at)
{
	int64_t ago_ns = in->received_ns - packet_ntp_to_ns(bytes_get64(in->buf + at));

	return ago_ns < STAMP_ANSWERED_NS && ago_ns > -STAMP_ANSWERED_NS;
}

/* Was this server's clock read for it? Then it is the answer of another reflector to an answer of ours, or that answer
 * itself, which an echo service has sent back. A request has zeros there. */
static bool is_answer(const struct reflector_request *in)
{
	return is_of_now(in, WIRE_SENDER_T1) || is_of_now(in, WIRE_T2);
}

static enum stamp_outcome check(struct stamp_reflector *r, const struct reflector_request *in)
{
	if (in->len < STAMP_PACKET_MIN)
		return STAMP_DROPPED_SHORT;
	if (!is_known(r, &in->source))
		return STAMP_DROPPED_STRANGER;
	if (in->source.port < PORT_MIN)
		return STAMP_DROPPED_PORT;
	if (is_answer(in))
		return STAMP_DROPPED_ANSWER;
	return may_answer(r, in) ? STAMP_REFLECTED : STAMP_DROPPED_LIMIT;
}

enum stamp_outcome stamp_reflector_handle(struct stamp_reflector *reflector, const struct reflector_request *request)
{
	enum stamp_outcome outcome = check(reflector, request);

	if (outcome == STAMP_REFLECTED)
		stamp_reflect(request->buf, request->len,
			      &(struct stamp_arrival){ request->received_ns, request->replied_ns, request->ttl });
	reflector->counts[outcome]++;
	return outcome;
}

const uint64_t *stamp_reflector_counts(const struct stamp_reflector *reflector)
{
	return reflector->counts;
}
