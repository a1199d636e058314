#include "tests/sim/faults.h"

#include "tests/sim/sayings.h"

/* -- ten vantages, half of them behind NATs, and each with a cut of its own -- */

enum scheme { ALL_FORWARD, ALL_RETURN, EACH_ITS_OWN, SCHEMES };

static void cut_vantages(struct story *s)
{
	enum scheme scheme = (enum scheme)world_between(0, SCHEMES - 1);
	bool udp = world_chance(0.6), tcp = !udp || world_chance(0.6);

	for (unsigned i = 0; i < s->vantages_len; i++) {
		enum direction direction = world_chance(0.5) ? FORWARD : RETURN;
		if (scheme == EACH_ITS_OWN && world_chance(0.3))
			continue;
		network_rule(&(struct rule){ .direction = scheme == EACH_ITS_OWN  ? direction
							  : scheme == ALL_FORWARD ? FORWARD
										  : RETURN,
					     .udp = udp,
					     .tcp = tcp,
					     .asked = network.floating,
					     .client = &s->vantages[i].host,
					     .p = 1 });
	}
}

static bool is_cut_its_way(const struct story *s, const struct path *p, struct expectation *e)
{
	const struct vantage *v = story_vantage_of(s, p);
	const struct rule *r = network.rules, *end = r + network.rules_len;

	while (r < end && r->client != &v->host)
		r++;
	if (!story_is_floating(p) || r == end || !(p->kind == PROBE_TCP ? r->tcp : r->udp))
		return false;
	return say(e, VERDICT_DOWN, r->direction == FORWARD ? VERDICT_DIRECTION_FORWARD : VERDICT_DIRECTION_RETURN,
		   r->udp && r->tcp ? VERDICT_CAUSE_UNEXPLAINED : VERDICT_CAUSE_PROTOCOL_FILTERED);
}

/* -- the table -- */

const struct fault faults_fleet[] = {
	{ "fleet, healthy", STORY_FLEET | STORY_SLOW | STORY_LOSSLESS, NULL, all_healthy },
	{ "fleet, each cut its way", STORY_FLEET | STORY_SLOW | STORY_TIMED, cut_vantages, is_cut_its_way },
};

const size_t faults_fleet_len = sizeof faults_fleet / sizeof *faults_fleet;
