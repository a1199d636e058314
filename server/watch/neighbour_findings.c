#include "server/watch/neighbour_findings.h"

#include "common/config/units.h"
#include "common/core/ns.h"

#include <stdio.h>

enum { CURE_LEN = 128 };

static json_t *mac_json(bool has_mac, const uint8_t mac[RTNL_MAC_LEN])
{
	char text[UNITS_MAC_LEN];

	return has_mac ? json_string(units_mac_text(mac, text)) : json_null();
}

void neighbour_findings_change(const struct neighbour_findings *f, const struct neighbour *before,
			       const struct neighbour *now)
{
	char address[UNITS_ADDRESS_LEN], mac[UNITS_MAC_LEN], old_mac[UNITS_MAC_LEN];
	const char *interface = ifaces_link_name(f->ifaces, now->key.link), *state = neighbours_state_text(now->state);
	bool in_use = neighbours_is_in_use(now);

	units_address_text(now->key.address, address);
	findings_tell(f->findings, FINDINGS_NEIGHBOUR,
		      json_pack("{ss ss so so ss ss}", "address", address, "interface", interface, "old_mac",
				mac_json(before->has_mac, before->mac), "new_mac", mac_json(in_use, now->mac),
				"old_state", neighbours_state_text(before->state), "state", state),
		      "neighbour %s on %s: %s%s%s, before %s%s%s", address, interface, state, in_use ? " at " : "",
		      in_use ? units_mac_text(now->mac, mac) : "", neighbours_state_text(before->state),
		      before->has_mac ? " at " : "", before->has_mac ? units_mac_text(before->mac, old_mac) : "");
}

void neighbour_findings_stale(const struct neighbour_findings *f, const struct snapshot *s, const char *who)
{
	const struct evidence_neighbour *seen = &s->seen;
	char address[UNITS_ADDRESS_LEN], entry[UNITS_MAC_LEN], frames[UNITS_MAC_LEN], cure[CURE_LEN];
	int64_t for_ms = (s->taken_ns - s->since_ns) / NS_PER_MS;

	units_address_text(seen->next_hop.address, address);
	snprintf(cure, sizeof cure, "ip neigh del %s dev %s", address, ifaces_link_name(f->ifaces, s->link));
	units_mac_text(seen->entry_mac, entry);
	units_mac_text(seen->frame_mac, frames);
	findings_tell(f->findings, FINDINGS_STALE,
		      json_pack("{ss ss ss ss ss ss sI ss}", "client", who, "address", address, "interface",
				ifaces_link_name(f->ifaces, s->link), "entry_mac", entry, "frame_mac", frames, "state",
				neighbours_state_text(seen->state), "since_ms", (json_int_t)for_ms, "cure", cure),
		      "stale neighbour entry: the replies to %s (%s%s) go to MAC %s (%s), but its frames come from MAC "
		      "%s; to delete the entry: %s",
		      who, snapshots_is_of_gateway(s) ? "by the gateway " : "", address, entry,
		      neighbours_state_text(seen->state), frames, cure);
}

void neighbour_findings_shared(const struct neighbour_findings *f, const struct snapshot *s, const char *who)
{
	char address[UNITS_ADDRESS_LEN], entry[UNITS_MAC_LEN], frames[UNITS_MAC_LEN];

	units_address_text(s->seen.next_hop.address, address);
	units_mac_text(s->seen.entry_mac, entry);
	units_mac_text(s->seen.frame_mac, frames);
	findings_tell(f->findings, FINDINGS_SHARED,
		      json_pack("{ss ss ss ss ss}", "client", who, "address", address, "interface",
				ifaces_link_name(f->ifaces, s->link), "entry_mac", entry, "frame_mac", frames),
		      "two machines have the address %s of %s: the replies go to MAC %s, which answers for it, but the "
		      "client's frames come from MAC %s",
		      address, who, entry, frames);
}

void neighbour_findings_healed(const struct neighbour_findings *f, const struct snapshot *s)
{
	char address[UNITS_ADDRESS_LEN], mac[UNITS_MAC_LEN];
	int64_t after_ms = (s->healed_ns - s->taken_ns) / NS_PER_MS;

	units_address_text(s->seen.next_hop.address, address);
	units_mac_text(s->seen.frame_mac, mac);
	findings_tell(
	    f->findings, FINDINGS_HEALED,
	    json_pack("{ss ss ss sI sb}", "address", address, "interface", ifaces_link_name(f->ifaces, s->link), "mac",
		      mac, "after_ms", (json_int_t)after_ms, "repaired", (int)s->seen.repaired),
	    "healed: the neighbour entry of %s on %s is correct again (MAC %s), %lld ms after it was found wrong",
	    address, ifaces_link_name(f->ifaces, s->link), mac, (long long)after_ms);
}

void neighbour_findings_repair(const struct neighbour_findings *f, const struct snapshot *s)
{
	char address[UNITS_ADDRESS_LEN], mac[UNITS_MAC_LEN];

	units_address_text(s->seen.next_hop.address, address);
	units_mac_text(s->seen.entry_mac, mac);
	findings_tell(
	    f->findings, FINDINGS_REPAIR,
	    json_pack("{ss ss ss}", "address", address, "interface", ifaces_link_name(f->ifaces, s->link), "mac", mac),
	    "repair: deleted the entry of %s on %s, which was wrong, at %s", address,
	    ifaces_link_name(f->ifaces, s->link), mac);
}
