#include "server/host/halfopen.h"

#include "common/core/thresholds.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	TIMEOUTS_MAX = 16,  /* above every usual value of tcp_synack_retries */
	SET_APART_MAX = 64, /* a longer list is a SYN flood: comparing each socket with the flows would take too long */
};

static uint64_t max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct halfopen_age halfopen_age(const struct sockdiag_half_open *socket)
{
	struct halfopen_age age = { .min_ms = UINT64_MAX, .sure_ms = UINT64_MAX };
	uint64_t timeout_ms = HALFOPEN_FIRST_TIMEOUT_MS, passed_ms = 0;

	/* Try each number of timeouts; the other retransmits answered repeated SYNs. */
	for (unsigned timeouts = 0; timeouts <= socket->retransmits && timeouts <= TIMEOUTS_MAX; timeouts++) {
		unsigned syns = socket->retransmits - timeouts;

		if (socket->expires_ms <= timeout_ms) {
			uint64_t shortest_ms = passed_ms + timeout_ms - socket->expires_ms;
			uint64_t min_ms = max_of(shortest_ms, (uint64_t)syns * HALFOPEN_SYN_INTERVAL_MS);

			age.min_ms = min_ms < age.min_ms ? min_ms : age.min_ms;
			age.sure_ms = shortest_ms < age.sure_ms ? shortest_ms : age.sure_ms;
			age.max_ms = shortest_ms; /* the split with the most timeouts takes longest */
		}
		passed_ms += timeout_ms;
		timeout_ms = timeout_ms * 2 < HALFOPEN_TIMEOUT_MAX_MS ? timeout_ms * 2 : HALFOPEN_TIMEOUT_MAX_MS;
	}
	if (age.min_ms == UINT64_MAX) /* the kernel's timers differ: nothing is known */
		return (struct halfopen_age){ .max_ms = HALFOPEN_AGE_UNKNOWN };
	return age;
}

static bool is_of_another_client(const struct evidence_query *query, const struct flows *flows, unsigned client,
				 const struct sockdiag_half_open *socket)
{
	const struct evidence_attempt *like = evidence_attempt_like(query, &socket->peer);
	struct endpoint own = like ? evidence_source_of(query, like) : (struct endpoint){ 0 };

	return flows_of_another(flows, client, &own, &socket->local, &socket->peer);
}

void halfopen_set_apart(struct halfopen_list *list, const struct evidence_query *query, const struct flows *flows,
			unsigned client)
{
	list->near = list->len;
	for (unsigned i = list->len; list->len <= SET_APART_MAX && i-- > 0;) {
		struct sockdiag_half_open socket = list->sockets[i];
		if (!is_of_another_client(query, flows, client, &socket))
			continue;
		list->sockets[i] = list->sockets[--list->near];
		list->sockets[list->near] = socket;
	}
}

static const struct sockdiag_half_open *find_exact(const struct endpoint *peer, const struct sockdiag_half_open *list,
						   unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		if (endpoint_equal(&list[i].peer, peer))
			return &list[i];
	return NULL;
}

static bool must_be_older(struct halfopen_age age, const struct evidence_attempt *attempt)
{
	return age.min_ms > (uint64_t)attempt->age_ms + HALFOPEN_SLACK_MS;
}

static bool is_of_another_attempt(const struct evidence_query *query, const struct endpoint *peer)
{
	for (unsigned i = 0; i < query->attempts_len; i++) {
		struct endpoint source = evidence_source_of(query, &query->attempts[i]);
		if (endpoint_equal(&source, peer))
			return true;
	}
	return false;
}

/* Does the peer have the address of attempts that are not translated? */
static bool is_own_address(const struct evidence_query *query, const struct endpoint *peer)
{
	for (unsigned i = 0; i < query->attempts_len; i++) {
		if (endpoint_same_address(&query->attempts[i].client, peer))
			return !evidence_translation_of(query, peer);
	}
	return false;
}

/* Can a socket of the other family be the attempt's? A translation may change the family, but not into an address that
 * this client uses itself. */
static bool is_candidate_of_other_family(const struct evidence_query *query, const struct endpoint *peer)
{
	return !is_own_address(query, peer) && !is_of_another_attempt(query, peer);
}

/* Can a socket at another port or address be the attempt's? A translation changes the port even if it keeps those that
 * are free. */
static bool is_candidate(const struct evidence_query *query, const struct evidence_attempt *attempt,
			 const struct endpoint *source, const struct sockdiag_half_open *socket)
{
	if (must_be_older(halfopen_age(socket), attempt))
		return false;
	if (!endpoint_same_family(&socket->peer, source))
		return is_candidate_of_other_family(query, &socket->peer);
	if (!endpoint_same_address(&socket->peer, source))
		return true;
	return evidence_translation_of(query, &attempt->client) && !is_of_another_attempt(query, &socket->peer);
}

static bool has_candidates(const struct evidence_query *query, const struct evidence_attempt *attempt,
			   const struct endpoint *source, const struct halfopen_list *list)
{
	for (unsigned i = 0; i < list->near; i++) {
		if (is_candidate(query, attempt, source, &list->sockets[i]))
			return true;
	}
	return false;
}

static uint16_t told_age_ms(const struct sockdiag_half_open *socket)
{
	uint64_t sure_ms = halfopen_age(socket).sure_ms;

	if (sure_ms <= HALFOPEN_TICK_MS)
		return 0;
	return sure_ms - HALFOPEN_TICK_MS < UINT16_MAX ? (uint16_t)(sure_ms - HALFOPEN_TICK_MS) : UINT16_MAX;
}

const struct sockdiag_half_open *halfopen_judge(const struct evidence_query *query,
						const struct evidence_attempt *attempt, const struct endpoint *seen,
						const struct halfopen_list *list,
						struct evidence_attempt_answer *answer)
{
	bool is_seen = !endpoint_is_unknown(seen);
	struct endpoint source = is_seen ? *seen : evidence_source_of(query, attempt);
	const struct sockdiag_half_open *socket = find_exact(&source, list->sockets, is_seen ? list->len : list->near);

	*answer = (struct evidence_attempt_answer){ .id = attempt->id, .status = EVIDENCE_CANNOT_TELL };
	if (!socket && (is_seen || !has_candidates(query, attempt, &source, list)))
		answer->status = EVIDENCE_NOT_SEEN;
	if (!socket || must_be_older(halfopen_age(socket), attempt)) /* it would have absorbed the attempt's SYN */
		return NULL;
	answer->status = EVIDENCE_HALF_OPEN;
	answer->age_ms = told_age_ms(socket);
	return socket;
}
