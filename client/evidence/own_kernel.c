#include "client/evidence/own_kernel.h"

static enum ip_drops_family family_of(const struct endpoint *endpoint)
{
	return endpoint_is_v4(endpoint) ? IP_DROPS_V4 : IP_DROPS_V6;
}

void own_kernel_note(struct own_kernel *own, const struct endpoint *endpoint, enum probe_kind kind)
{
	own->unanswered.probes[family_of(endpoint)]++;
	own->unanswered.attempts += probe_kind_of(kind)->has_handshake;
}

void own_kernel_looked(struct own_kernel *own, const struct ip_drops *drops, int64_t now_ns)
{
	own->looks[own->next] = (struct own_kernel_look){ now_ns, *drops, own->unanswered };
	own->next = (own->next + 1) % OWN_KERNEL_LOOKS;
	own->len += own->len < OWN_KERNEL_LOOKS;
}

static const struct own_kernel_look *look_back(const struct own_kernel *own, unsigned looks)
{
	return &own->looks[(own->next + OWN_KERNEL_LOOKS - looks) % OWN_KERNEL_LOOKS];
}

static const struct own_kernel_look *look_before(const struct own_kernel *own, int64_t ns)
{
	unsigned looks = 1;

	while (looks < own->len && look_back(own, looks)->at_ns > ns)
		looks++;
	return look_back(own, looks);
}

static uint32_t grown(int64_t before, int64_t now, uint32_t unanswered)
{
	int64_t dropped = now - before;

	if (unanswered == 0 || 2 * dropped < (int64_t)unanswered)
		return 0;
	return dropped > UINT32_MAX ? UINT32_MAX : (uint32_t)dropped;
}

void own_kernel_explain(const struct own_kernel *own, const struct endpoint *endpoint, enum probe_kind kind,
			int64_t since_ns, struct own_kernel_explanation *explanation)
{
	const struct own_kernel_look *from, *to;
	enum ip_drops_family family = family_of(endpoint);
	uint32_t unanswered;

	*explanation = (struct own_kernel_explanation){ 0 };
	if (own->len < 2)
		return;
	to = look_back(own, 1);
	from = look_before(own, since_ns);
	unanswered = to->unanswered.probes[family] - from->unanswered.probes[family];
	if (family == IP_DROPS_V4)
		explanation->reverse_path = grown(from->drops.reverse_path, to->drops.reverse_path, unanswered);
	explanation->stopped = grown(from->drops.stopped[family], to->drops.stopped[family], unanswered);
	if (probe_kind_of(kind)->has_handshake)
		explanation->segments = grown(from->drops.bad_segments, to->drops.bad_segments,
					      to->unanswered.attempts - from->unanswered.attempts);
}

bool own_kernel_drops(const struct own_kernel_explanation *x)
{
	return x->reverse_path > 0 || x->stopped > 0 || x->segments > 0;
}
