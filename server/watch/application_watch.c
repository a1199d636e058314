#include "server/watch/application_watch.h"

#include "common/config/units.h"
#include "common/system/clock.h"
#include "common/system/log.h"
#include "server/watch/applications.h"
#include "server/watch/tap.h"

#include <linux/if_ether.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { CONVERSATIONS_MAX = 1024, LOOK_MS = 1000, ADVICE_LEN = 256 };

struct application_watch {
	const struct server_config *config;
	const struct ifaces *ifaces;
	struct findings *findings;
	struct applications *applications;
	struct tap *tap;
	uv_timer_t timer; /* runs while an answer is awaited */
	bool started, logged_loss;
	int64_t lost_ns; /* last known tap_lost_ns */
};

_Static_assert((int)SERVER_CONFIG_APPLICATIONS_MAX <= (int)BPF_FILTER_PORTS_MAX,
	       "each application has its port in a filter");

/* ---- reports ---- */

static void advise(const struct applications_finding *f, const char *name, const char *asked, char advice[ADVICE_LEN])
{
	if (f->kind == APPLICATIONS_OTHER_ADDRESS)
		snprintf(advice, ADVICE_LEN,
			 "bind %s to %s, or make it answer from the address that was asked (IP_PKTINFO, IPV6_PKTINFO), "
			 "or give its answers a route with source %s",
			 name, asked, asked);
	else
		snprintf(advice, ADVICE_LEN,
			 "check that %s runs and listens on %s, that this host's firewall allows its traffic, and that "
			 "it answers more than its first peer",
			 name, asked);
}

static void tell(struct application_watch *w, const struct applications_finding *f)
{
	const char *name = w->config->applications[f->application].name;
	const char *protocol = f->protocol == IP_UDP ? "udp" : "tcp", *kind = applications_kind_text(f->kind);
	bool other = f->kind == APPLICATIONS_OTHER_ADDRESS;
	char peer[UNITS_ADDRESS_LEN], asked[UNITS_ADDRESS_LEN], from[UNITS_ADDRESS_LEN], advice[ADVICE_LEN];
	char since[CLOCK_TEXT_LEN];

	units_address_text(f->peer.address, peer);
	units_address_text(f->asked.address, asked);
	units_address_text(f->answered_from.address, from);
	clock_text(clock_real_ns() - (clock_mono_ns() - f->since_ns), since);
	advise(f, name, asked, advice);
	findings_tell(w->findings, FINDINGS_APPLICATION,
		      json_pack("{ss ss si ss ss so ss si ss sI sI ss}", "name", name, "protocol", protocol, "port",
				(int)f->asked.port, "finding", kind, "asked", asked, "answered_from",
				other ? json_string(from) : json_null(), "peer", peer, "peer_port", (int)f->peer.port,
				"since", since, "count", (json_int_t)f->count, "answered", (json_int_t)f->answered,
				"advice", advice),
		      "application %s (%s port %u): peer %s asked %s %s%s; %s", name, protocol, (unsigned)f->asked.port,
		      peer, asked, other ? "and was answered from " : "and got no answer", other ? from : "", advice);
}

/* ---- traffic ---- */

static void forget_if_frames_were_lost(struct application_watch *w)
{
	if (tap_lost_ns(w->tap) == w->lost_ns)
		return;
	w->lost_ns = tap_lost_ns(w->tap);
	applications_forget(w->applications);
	if (!w->logged_loss)
		log_info(
		    "the watched applications have too much traffic to see all of it: floatprobed may miss findings");
	w->logged_loss = true;
}

static void on_timer(uv_timer_t *timer)
{
	struct application_watch *w = timer->data;
	struct applications_finding finding;

	tap_drain(w->tap);
	forget_if_frames_were_lost(w);
	while (applications_find(w->applications, clock_mono_ns(), &finding))
		tell(w, &finding);
	if (!applications_waits(w->applications))
		uv_timer_stop(&w->timer);
}

/* Ignore incoming packets to addresses that are not ours: this host forwards them. */
static void on_frame(void *context, const struct packet_socket_frame *frame)
{
	struct application_watch *w = context;
	struct ip_packet packet;

	if (!ip_read(frame->buf, frame->len, &packet) ||
	    (!frame->outgoing && !ifaces_address(w->ifaces, &packet.destination)))
		return;
	applications_note(w->applications, &packet, frame->outgoing, frame->received_ns);
	if (applications_waits(w->applications) && !uv_is_active((uv_handle_t *)&w->timer))
		uv_timer_start(&w->timer, on_timer, LOOK_MS, LOOK_MS);
}

/* ---- start and stop ---- */

static struct applications *make_applications(const struct server_config *config)
{
	struct applications_watched list[SERVER_CONFIG_APPLICATIONS_MAX];
	uint8_t hash_key[crypto_shorthash_KEYBYTES];

	randombytes_buf(hash_key, sizeof hash_key);
	for (size_t i = 0; i < config->applications_len; i++) {
		const struct server_config_application *a = &config->applications[i];

		list[i] = (struct applications_watched){ .port = a->port, .udp = a->udp, .tcp = a->tcp };
	}
	return applications_new(list, (unsigned)config->applications_len, CONVERSATIONS_MAX, hash_key);
}

struct application_watch *application_watch_new(const struct server_config *config, const struct ifaces *ifaces,
						struct findings *findings)
{
	struct application_watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->config = config;
	w->ifaces = ifaces;
	w->findings = findings;
	w->applications = make_applications(config);
	w->tap = tap_new(on_frame, w);
	if (w->applications && w->tap)
		return w;
	application_watch_free(w);
	return NULL;
}

void application_watch_free(struct application_watch *watch)
{
	if (!watch)
		return;
	applications_free(watch->applications);
	tap_free(watch->tap);
	free(watch);
}

int application_watch_start(struct application_watch *watch, uv_loop_t *loop)
{
	struct bpf_ports ports = { .udp_len = 0 };
	struct bpf_program program;

	for (size_t i = 0; i < watch->config->applications_len; i++) {
		const struct server_config_application *a = &watch->config->applications[i];

		if (a->udp)
			ports.udp[ports.udp_len++] = a->port;
		if (a->tcp)
			ports.tcp[ports.tcp_len++] = a->port;
	}
	bpf_conversations(&program, &ports);
	uv_timer_init(loop, &watch->timer); /* always succeeds */
	watch->timer.data = watch;
	watch->started = true;
	return tap_start(watch->tap, loop, ETH_P_ALL, &program);
}

void application_watch_stop(struct application_watch *watch)
{
	if (!watch)
		return;
	if (watch->started)
		uv_close((uv_handle_t *)&watch->timer, NULL);
	tap_stop(watch->tap);
}
