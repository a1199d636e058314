/* Frames of a hostile link, a second apart. Before each stand two octets: one that is the last of the sender's MAC and
 * says (bit 2) whether the frame leaves, and its length from the network header on. Nothing of a frame may be read
 * beyond its end, and what the parsers take is what the tables can hold. */
#include "server/watch/applications.h"
#include "server/watch/captures.h"
#include "server/watch/claims.h"
#include "server/watch/conflicts.h"
#include "server/watch/frames.h"
#include "server/watch/syns.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { TABLE_LEN = 8, OUTGOING = 0x04, HEAD_LEN = 2 };

static const uint8_t hash_key[16] = { 1 };
static const int64_t second_ns = 1000000000;

static struct frames *frames;
static struct captures *captures;
static struct conflicts *conflicts;
static struct applications *applications;
static struct syns *syns;

static void start(void)
{
	static const struct applications_watched list[] = { { 30303, true, true } };

	frames = frames_new(TABLE_LEN, hash_key);
	captures = captures_new(TABLE_LEN, hash_key);
	conflicts = conflicts_new(TABLE_LEN, hash_key);
	syns = syns_new(TABLE_LEN, TABLE_LEN, hash_key);
	applications = applications_new(list, 1, TABLE_LEN, hash_key);
	FUZZ_CHECK(frames && captures && conflicts && applications && syns);
}

static void take_claim(const struct claim *claim, const uint8_t *mac, int64_t now_ns)
{
	struct evidence_answer answer = { .conflicts_len = 0 };

	FUZZ_CHECK(claim->address.port == 0);
	conflicts_note(conflicts, claim->probe ? CONFLICTS_PROBE : CONFLICTS_CLAIM, &claim->address, mac, now_ns);
	conflicts_tell(conflicts, now_ns, &answer);
	FUZZ_CHECK(claim->probe ||
		   (answer.conflicts_len > 0 && endpoint_same_address(&answer.conflicts[0].address, &claim->address)));
}

static void take_request(const struct ip_packet *packet, bool outgoing, const uint8_t *mac, int64_t now_ns)
{
	static struct draft draft;
	struct applications_finding finding;
	struct captures_probe probe = { 0 };
	bool is_ours = captures_read(packet, &probe);

	FUZZ_CHECK(packet->protocol == IP_UDP || packet->protocol == IP_TCP);
	frames_note(frames, packet, 1, mac, now_ns);
	draft.answer.frames_len = draft.answer.captures_len = 0;
	frames_tell(frames, &packet->source, now_ns, &draft.answer);
	if (is_ours)
		captures_note(captures, &probe);
	draft.client = probe.client;
	draft.answer.flows[0].id = probe.flow;
	draft.answer.flows_len = 1;
	captures_tell(captures, &draft);
	FUZZ_CHECK(draft.answer.captures_len == 1 || !is_ours);
	FUZZ_CHECK(draft.answer.frames_len > 0 && draft.answer.frames[0].idle_ms == 0);
	applications_note(applications, packet, outgoing, now_ns);
	while (applications_find(applications, now_ns, &finding))
		FUZZ_CHECK(finding.count > 0 && finding.application == 0);
}

static bool is_of_nobody(void *context, const struct endpoint *source, const struct endpoint *local)
{
	(void)context, (void)source, (void)local;
	return false;
}

/* Whoever asks for a SYN by its name finds it. */
static void take_syn(const struct ip_packet *packet, int64_t now_ns)
{
	struct syns_frame frame = { .source = packet->source, .local = packet->destination, .received_ns = now_ns };
	struct syns_attempt attempt = { .client = packet->source, .since_ns = now_ns };
	const struct syns_query query = { &attempt, 1, 0, is_of_nobody, NULL };
	struct syns_found found;

	attempt.has_name = frame.has_value = ip_tcp_timestamp(packet, &frame.value);
	attempt.value = frame.value;
	syns_note(syns, &frame);
	syns_find(syns, &query, now_ns, &found);
	FUZZ_CHECK(found.count > 0 || !frame.has_value);
}

static void take_frame(const uint8_t *buf, size_t len, uint8_t about, int64_t now_ns)
{
	uint8_t mac[CLAIMS_MAC_LEN] = { 2, [5] = about };
	struct claim claim;
	struct ip_packet packet;

	if (claims_read_arp(buf, len, &claim))
		take_claim(&claim, mac, now_ns);
	if (claims_read_nd(buf, len, &claim))
		take_claim(&claim, mac, now_ns);
	if (!ip_read(buf, len, &packet))
		return;
	take_request(&packet, about & OUTGOING, mac, now_ns);
	if (packet.protocol == IP_TCP)
		take_syn(&packet, now_ns);
}

/* Each in memory of its own, so that AddressSanitizer sees a read beyond its end. */
static void take_copy(const uint8_t *buf, size_t len, uint8_t about, int64_t now_ns)
{
	uint8_t *copy = malloc(len + 1);

	FUZZ_CHECK(copy);
	memcpy(copy + 1, buf, len);
	take_frame(copy + 1, len, about, now_ns);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t now_ns = second_ns;

	start();
	for (size_t at = 0; size - at >= HEAD_LEN; now_ns += second_ns) {
		size_t len = data[at + 1];

		len = len < size - at - HEAD_LEN ? len : size - at - HEAD_LEN;
		take_copy(data + at + HEAD_LEN, len, data[at], now_ns);
		at += HEAD_LEN + len;
	}
	frames_free(frames);
	captures_free(captures);
	conflicts_free(conflicts);
	applications_free(applications);
	syns_free(syns);
	return 0;
}
