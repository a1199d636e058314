#include "server/daemon.h"

#include "common/config/tree.h"
#include "common/config/units.h"
#include "common/core/text.h"
#include "common/system/capability.h"
#include "common/system/clock.h"
#include "common/system/journal.h"
#include "common/system/keyfile.h"
#include "common/system/log.h"
#include "common/system/log_daemon.h"
#include "common/system/loop.h"
#include "common/system/notify.h"
#include "common/system/process.h"
#include "common/system/sandbox.h"
#include "common/system/secrets.h"
#include "server/daemon_web.h"
#include "server/descriptors.h"
#include "server/host/host_evidence.h"
#include "server/listen/stamp_listener.h"
#include "server/listen/tcp_listener.h"
#include "server/listen/udp_listener.h"
#include "server/refusals.h"
#include "server/watch/link_watch.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

enum { DESCRIPTORS_BESIDE_TCP = 64, BOOT_ID_TEXT_LEN = 17, EXIT_DONE = 0, EXIT_REFUSED = 3 };

static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
enum { SIGNALS_LEN = sizeof signals / sizeof signals[0] };

struct daemon {
	struct server_config *config;
	uint64_t boot_id;
	uv_loop_t loop;
	uv_signal_t signals[SIGNALS_LEN];
	uv_prepare_t before_sleep;
	struct notify notify;
	struct log_daemon log;
	struct service service;
	struct udp_listener *udp;
	struct tcp_listener *tcp;
	struct stamp_listener *stamp; /* NULL: plain STAMP senders get no answer */
	struct findings findings;
	struct refusals refusals;
	struct descriptors descriptors;
	struct link_watch *link_watch;
	struct witness_peer *peers;
	struct daemon_web web;
};

static void collect(void *context, const struct evidence_query *query, const struct reflector_querier *querier,
		    struct draft *draft, uint8_t nonce[SEAL_NONCE_LEN])
{
	struct daemon *d = context;
	struct evidence_answer *answer = &draft->answer;

	link_watch_find_syns(d->link_watch, query, querier, draft);
	if (d->udp) {
		answer->socket_drops = udp_listener_drops(d->udp);
		answer->unread_ms = udp_listener_unread_ms(d->udp);
	}
	host_evidence_collect(d->service.host_evidence, query, querier, clock_mono_ns(), draft);
	link_watch_collect(d->link_watch, query, &querier->seen, draft);
	return_routes_tell(d->service.return_routes, d->service.vrfs, clock_mono_ns(), answer);
	answer->port = d->config->addresses_len == 0 ? d->config->port : 0;
	answer->listens_udp = d->udp && answer->port;
	answer->listens_tcp = d->tcp && answer->port;
	randombytes_buf(nonce, SEAL_NONCE_LEN);
}

static void on_event(void *context, const struct reflector_event *event)
{
	struct daemon *d = context;

	if (event->kind == REFLECTOR_EVENT_REFUSED) {
		refusals_note(&d->refusals, event);
		return;
	}
	if (event->full)
		refusals_note(&d->refusals, event);
	findings_tell_event(&d->findings, event);
	link_watch_event(d->link_watch, event);
}

static void on_accepted(void *context, const struct endpoint *peer)
{
	link_watch_accepted(((struct daemon *)context)->link_watch, peer);
}

static void on_full(void *context, const struct endpoint *gave_way)
{
	refusals_note_full(&((struct daemon *)context)->refusals, gave_way);
}

static void on_busy(void *context, const struct endpoint *source)
{
	refusals_note_packet(&((struct daemon *)context)->refusals, REFUSALS_WITNESS_BUSY, source);
}

static void on_stamp_dropped(void *context, enum stamp_outcome outcome, const struct endpoint *source)
{
	refusals_note_packet(&((struct daemon *)context)->refusals, REFUSALS_STAMP + (unsigned)outcome, source);
}

static void ask_peer(void *udp, const struct endpoint *to, uint8_t *buf, size_t len)
{
	udp_listener_send(udp, to, buf, len);
}

static void on_before_sleep(uv_prepare_t *prepare)
{
	struct daemon *d = prepare->data;

	journal_flush(d->findings.journal);
	if (d->tcp)
		descriptors_look(&d->descriptors, uv_now(&d->loop));
}

/* ---- clients and peers, and their reload ---- */

/* Returns NULL if memory is out. */
static struct reflector_client *list_clients(const struct server_config *config)
{
	struct reflector_client *list = calloc(config->clients_len + 1, sizeof *list);

	for (size_t i = 0; list && i < config->clients_len; i++) {
		list[i].name = config->clients[i].name;
		memcpy(list[i].key, config->clients[i].key, sizeof list[i].key);
	}
	return list;
}

/* Returns NULL if memory is out. */
static struct witness_peer *list_peers(const struct server_config *config)
{
	struct witness_peer *list = calloc(config->peers_len + 1, sizeof *list);

	for (size_t i = 0; list && i < config->peers_len; i++) {
		list[i].address = config->peers[i].address;
		memcpy(list[i].key, config->peers[i].key, sizeof list[i].key);
	}
	return list;
}

/* Takes the list. */
static void set_peers(struct daemon *d, struct witness_peer *list, size_t len)
{
	relays_set_peers(d->service.relays, list, len);
	free(d->peers);
	d->peers = list;
}

static bool same_watches(const struct server_config *old, const struct server_config *new)
{
	bool same = old->watch_neighbours == new->watch_neighbours && old->watch_addresses == new->watch_addresses &&
		    old->repair_neighbours == new->repair_neighbours && old->applications_len == new->applications_len;

	for (size_t i = 0; same && i < new->applications_len; i++) {
		const struct server_config_application *a = &old->applications[i], *b = &new->applications[i];

		same = strcmp(a->name, b->name) == 0 && a->udp == b->udp && a->tcp == b->tcp && a->port == b->port;
	}
	return same;
}

static void warn_of_what_needs_a_restart(const struct server_config *old, const struct server_config *new)
{
	bool same_addresses = old->addresses_len == new->addresses_len &&
			      (old->addresses_len == 0 || memcmp(old->addresses, new->addresses,
								 old->addresses_len * sizeof *old->addresses) == 0);

	if (memcmp(old->identity.public_key, new->identity.public_key, sizeof old->identity.public_key) != 0)
		log_warning("the new key takes effect at the next start");
	if (strcmp(old->name, new->name) != 0)
		log_warning("the new name takes effect at the next start");
	if (!text_equal(old->user, new->user))
		log_warning("the new user takes effect at the next start");
	if (old->port != new->port || old->udp != new->udp || old->tcp != new->tcp || !same_addresses)
		log_warning("the new listen settings take effect at the next start");
	if (!text_equal(old->journal, new->journal))
		log_warning("the new journal file takes effect at the next start");
	if (old->flows_max != new->flows_max || old->tcp_slots != new->tcp_slots ||
	    old->clock_skew_ns != new->clock_skew_ns || old->half_open != new->half_open)
		log_warning("the new limits take effect at the next start");
	if ((old->stamp_networks_len > 0) != (new->stamp_networks_len > 0) || old->stamp_port != new->stamp_port)
		log_warning("the new stamp settings take effect at the next start");
	if (!same_watches(old, new))
		log_warning("the new watch and repair settings take effect at the next start");
}

/* Take clients and peers of the new configuration, or nothing if memory is out. */
static bool take_over(struct daemon *d, struct server_config *new)
{
	struct reflector_client *list = list_clients(new);
	struct witness_peer *peers = list_peers(new);
	struct server_config *config = d->config, old = *config;
	bool taken =
	    list && peers && reflector_set_clients(d->service.reflector, list, new->clients_len, clock_mono_ns());

	free(list);
	if (!taken) {
		free(peers);
		return false;
	}
	set_peers(d, peers, new->peers_len);
	config->clients = new->clients;
	config->clients_len = new->clients_len;
	config->peers = new->peers;
	config->peers_len = new->peers_len;
	new->clients = old.clients;
	new->clients_len = old.clients_len;
	new->peers = old.peers;
	new->peers_len = old.peers_len;
	return true;
}

static json_t *program_json(const struct daemon *d)
{
	char boot_id[BOOT_ID_TEXT_LEN];

	snprintf(boot_id, sizeof boot_id, "%016" PRIx64, d->boot_id);
	return json_pack("{ss si ss si}", "version", FLOATPROBE_VERSION, "pid", (int)getpid(), "boot_id", boot_id,
			 "clients", (int)server_config_clients(d->config));
}

/* error: why nothing is loaded; NULL: all is. */
static void note_reload(struct daemon *d, const char *error)
{
	json_t *json = json_pack("{ss ss?}", "result", error ? "rejected" : "applied", "error", error);

	json_object_update_new(json, program_json(d));
	findings_note(&d->findings, "reload", json);
}

static void tell_ready(struct daemon *d)
{
	size_t clients = server_config_clients(d->config);

	notify_ready(&d->notify, "answering %zu client%s on port %u", clients, text_plural(clients),
		     (unsigned)d->config->port);
}

/* Returns NULL, or why the old configuration stays in use. */
static const char *read_again(struct daemon *d)
{
	struct diag_list diags = { 0 };
	struct server_config *new;
	bool no_memory;

	if (!tree_can_be_read_again(d->config->file))
		return "the configuration came through a pipe and cannot be read again";
	new = server_config_load(d->config->file, d->config, &diags);
	no_memory = diags.no_memory;
	diag_log(&diags);
	diag_free(&diags);
	if (!new)
		return no_memory ? "out of memory" : "the configuration has errors";
	warn_of_what_needs_a_restart(d->config, new);
	no_memory = !take_over(d, new);
	if (!no_memory) {
		log_configure(&new->log);
		if (d->stamp)
			stamp_listener_set_networks(d->stamp, new->stamp_networks, new->stamp_networks_len);
		web_service_reloaded(&d->web.service, &new->web);
	}
	server_config_free(new);
	return no_memory ? "out of memory" : NULL;
}

static void reload(void *context)
{
	struct daemon *d = context;
	const char *error;

	notify_reloading(&d->notify);
	web_service_reloading(&d->web.service);
	if (d->findings.journal && !journal_reopen(d->findings.journal))
		log_error("cannot open the journal %s: %s; floatprobed goes on with what it has open%s",
			  d->config->journal, strerror(errno), journal_remedy(errno));
	error = read_again(d);
	if (error && tree_can_be_read_again(d->config->file))
		web_service_reloaded(&d->web.service, NULL);
	web_service_answer(&d->web.service, !error);
	note_reload(d, error);
	if (error)
		log_error("%s: %s: the old configuration stays in use", d->config->file, error);
	else
		log_info("reloaded %s; clients: %zu, peers: %zu", d->config->file, server_config_clients(d->config),
			 d->config->peers_len);
	tell_ready(d);
}

/* ---- start ---- */

static bool make_stamp(struct daemon *d)
{
	const struct server_config *config = d->config;

	if (config->stamp_networks_len == 0)
		return true;
	d->stamp = stamp_listener_new(d->service.vrfs, on_stamp_dropped, d);
	if (d->stamp)
		stamp_listener_set_networks(d->stamp, config->stamp_networks, config->stamp_networks_len);
	return d->stamp != NULL;
}

static bool make_parts(struct daemon *d)
{
	const struct server_config *config = d->config;
	struct witness_peer *peers;

	d->service.on_event = on_event;
	d->service.on_accepted = on_accepted;
	d->service.on_full = on_full;
	d->service.on_busy = on_busy;
	d->service.context = d;
	d->service.host_evidence =
	    host_evidence_new(config->tcp && config->half_open ? config->port : 0, clock_mono_ns());
	d->service.return_routes = return_routes_new();
	if (config->udp)
		d->udp = udp_listener_new(&d->service);
	if (config->tcp)
		d->tcp = tcp_listener_new(&d->service, config->tcp_slots);
	d->service.relays = relays_new(d->udp ? ask_peer : NULL, d->udp);
	d->link_watch = link_watch_new(config, &d->findings);
	d->service.vrfs = d->link_watch ? link_watch_vrfs(d->link_watch) : NULL;
	peers = list_peers(config);
	if (d->link_watch && d->service.host_evidence && d->service.return_routes && (d->udp || !config->udp) &&
	    (d->tcp || !config->tcp) && d->service.relays && peers && make_stamp(d)) {
		set_peers(d, peers, config->peers_len);
		return true;
	}
	free(peers);
	log_error("no memory for %u TCP connections; lower limits.tcp_slots", config->tcp_slots);
	return false;
}

static bool open_journal(struct daemon *d)
{
	if (!d->config->journal)
		return true;
	d->findings.journal = journal_open(d->config->journal);
	if (d->findings.journal)
		return true;
	log_error("cannot open the journal %s: %s%s", d->config->journal, strerror(errno), journal_remedy(errno));
	return false;
}

static const char *remedy(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "; 'ss -lpn' shows which program uses the port: stop that program, or set another port";
	case -EACCES:
		return "; ports below 1024 need CAP_NET_BIND_SERVICE: set a higher port";
	case -EADDRNOTAVAIL:
		return "; this host does not have this address: remove listen.addresses to listen on all addresses, "
		       "including later ones";
	default:
		return "";
	}
}

/* Log the refused address. Returns `error`. */
static int say_refused(const char *protocol, const struct endpoint *failed, int error)
{
	char text[UNITS_ADDRESS_LEN];

	if (error < 0)
		log_error("cannot listen on %s port %u of %s: %s%s", protocol, (unsigned)failed->port,
			  endpoint_is_unknown(failed) ? "all addresses" : units_address_text(failed->address, text),
			  strerror(-error), remedy(error));
	return error;
}

/* Start UDP first: a client that finds the TCP port open may assume that UDP works. */
static bool start_listeners(struct daemon *d)
{
	const struct server_config *config = d->config;
	const struct listen_addresses at = { config->addresses, config->addresses_len, config->port };
	const struct listen_addresses stamp_at = { config->addresses, config->addresses_len, config->stamp_port };
	struct endpoint failed;

	if (d->udp && say_refused("UDP", &failed, udp_listener_start(d->udp, &d->loop, &at, &failed)) < 0)
		return false;
	if (d->tcp && say_refused("TCP", &failed, tcp_listener_start(d->tcp, &d->loop, &at, &failed)) < 0)
		return false;
	return !d->stamp || say_refused("UDP for stamp:", &failed,
					stamp_listener_start(d->stamp, &d->loop, &stamp_at, &failed)) == 0;
}

/* Make the reflector after the sockets are open, so that its uptime does not include a time without them. */
static bool make_reflector(struct daemon *d, uint64_t boot_id)
{
	const struct server_config *config = d->config;
	struct reflector_client *clients = list_clients(config);
	struct reflector_settings settings = {
		.identity = &config->identity,
		.boot_id = boot_id,
		.started_ns = clock_mono_ns(),
		.clock_skew_ns = config->clock_skew_ns,
		.flows_max = config->flows_max,
		.clients = clients,
		.clients_len = config->clients_len,
		.collect = collect,
		.context = d,
	};

	randombytes_buf(settings.hash_key, sizeof settings.hash_key);
	if (clients)
		d->service.reflector = reflector_new(&settings);
	free(clients);
	if (!d->service.reflector)
		log_error("no memory for %u flows; lower limits.flows", config->flows_max);
	return d->service.reflector != NULL;
}

static void say_started(const struct server_config *config, uint64_t boot_id)
{
	char key[KEYFILE_PUBLIC_LEN], address[UNITS_ADDRESS_LEN];
	const char *protocols = config->udp && config->tcp ? "UDP and TCP" : config->udp ? "UDP" : "TCP";

	keyfile_public_text(config->identity.public_key, key);
	log_info("version " FLOATPROBE_VERSION ", %s: public key %s, boot id %016" PRIx64 ", clients: %zu",
		 config->name, key, boot_id, server_config_clients(config));
	for (size_t i = 0; i < config->addresses_len; i++)
		log_info("listening on %s, %s port %u", units_address_text(config->addresses[i].address, address),
			 protocols, (unsigned)config->port);
	if (config->stamp_networks_len > 0)
		log_info("answering plain STAMP of %zu network%s on port %u", config->stamp_networks_len,
			 text_plural(config->stamp_networks_len), (unsigned)config->stamp_port);
	if (config->addresses_len == 0)
		log_info("listening on all addresses, %s port %u", protocols, (unsigned)config->port);
}

/* Each TCP connection needs a descriptor. If the system grants fewer, libuv closes the connections that exceed them. */
static void raise_descriptor_limit(unsigned tcp_slots)
{
	rlim_t wanted = (rlim_t)tcp_slots + DESCRIPTORS_BESIDE_TCP;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	if (limit.rlim_max < wanted)
		log_warning(
		    "the system allows %llu open files, but %u TCP connections may need %llu; lower limits.tcp_slots",
		    (unsigned long long)limit.rlim_max, tcp_slots, (unsigned long long)wanted);
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static struct sandbox sandbox_of(const struct server_config *config)
{
	return (struct sandbox){
		.user = config->user,
		.readable = { config->file, config->key_file },
		.written = { config->journal },
		.socket = config->web.path,
		.capabilities = SANDBOX_CAPABILITY(CAP_NET_RAW) |
				(config->repair_neighbours ? SANDBOX_CAPABILITY(CAP_NET_ADMIN) : 0),
		/* larger socket buffers than the system's limit, and a port below 1024 */
		.opening = SANDBOX_CAPABILITY(CAP_NET_ADMIN) | SANDBOX_CAPABILITY(CAP_NET_BIND_SERVICE),
	};
}

/* ---- run and stop ---- */

static void stop(struct daemon *d)
{
	notify_stop(&d->notify);
	refusals_stop(&d->refusals);
	log_daemon_stop(&d->log);
	for (size_t i = 0; i < SIGNALS_LEN; i++)
		uv_close((uv_handle_t *)&d->signals[i], NULL);
	uv_close((uv_handle_t *)&d->before_sleep, NULL);
	udp_listener_stop(d->udp);
	tcp_listener_stop(d->tcp);
	stamp_listener_stop(d->stamp);
	link_watch_stop(d->link_watch);
	relays_stop(d->service.relays);
	web_service_stop(&d->web.service);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *d = handle->data;

	if (number == SIGHUP) {
		reload(d);
		return;
	}
	findings_end(&d->findings);
	findings_note(&d->findings, "stop", json_pack("{ss}", "reason", number == SIGINT ? "SIGINT" : "SIGTERM"));
	stop(d);
}

static void start_handles(struct daemon *d)
{
	for (size_t i = 0; i < SIGNALS_LEN; i++) {
		uv_signal_init(&d->loop, &d->signals[i]);
		d->signals[i].data = d;
		uv_signal_start(&d->signals[i], on_signal, signals[i]);
	}
	process_hear_reload();
	uv_prepare_init(&d->loop, &d->before_sleep);
	d->before_sleep.data = d;
	uv_prepare_start(&d->before_sleep, on_before_sleep);
	notify_start(&d->notify, &d->loop);
	refusals_start(&d->refusals, &d->loop);
	log_daemon_start(&d->log, &d->loop);
}

static bool start_web(struct daemon *d)
{
	d->web.service.reload = reload;
	d->web.service.context = d;
	d->web.metrics = (struct daemon_metrics){
		.config = d->config,
		.reflector = d->service.reflector,
		.udp = d->udp,
		.tcp = d->tcp,
		.stamp = d->stamp,
		.relays = d->service.relays,
		.findings = &d->findings,
		.link_watch = d->link_watch,
		.descriptors = &d->descriptors,
	};
	return daemon_web_start(&d->web, &d->loop, &d->config->web);
}

/* The link is watched before the reflector is made, so that its uptime does not include a time of unseen SYNs. */
static bool start_serving(struct daemon *d, uint64_t boot_id)
{
	if (!start_listeners(d))
		return false;
	link_watch_start(d->link_watch, &d->loop);
	return make_reflector(d, boot_id) && start_web(d);
}

/* Returns the exit status. */
static int run(struct daemon *d)
{
	const struct sandbox sandbox = sandbox_of(d->config);
	int status = EXIT_REFUSED;

	randombytes_buf(&d->boot_id, sizeof d->boot_id);
	raise_descriptor_limit(d->config->tcp_slots);
	start_handles(d);
	if (sandbox_drop_root(&sandbox) && make_parts(d) && open_journal(d) && start_serving(d, d->boot_id)) {
		sandbox_confine(&sandbox);
		say_started(d->config, d->boot_id);
		secrets_warn_of_swap();
		findings_note(&d->findings, "start", program_json(d));
		relays_start(d->service.relays, &d->loop, d->service.reflector);
		tell_ready(d);
		status = EXIT_DONE;
	} else {
		stop(d);
	}
	uv_run(&d->loop, UV_RUN_DEFAULT);
	return status;
}

static void free_parts(struct daemon *d)
{
	udp_listener_free(d->udp);
	tcp_listener_free(d->tcp);
	stamp_listener_free(d->stamp);
	link_watch_free(d->link_watch);
	web_service_free(&d->web.service);
	relays_free(d->service.relays);
	free(d->peers);
	reflector_free(d->service.reflector);
	host_evidence_free(d->service.host_evidence);
	return_routes_free(d->service.return_routes);
	if (d->findings.journal && !journal_close(d->findings.journal))
		log_error("lines of the journal %s were lost", d->config->journal);
	server_config_free(d->config);
}

int daemon_run(struct server_config *config)
{
	struct daemon d = { .config = config, .findings.server = config->name };
	unsigned descriptors = config->tcp_slots + DESCRIPTORS_BESIDE_TCP;
	int error = loop_start(&d.loop, descriptors < LOOP_DESCRIPTORS ? LOOP_DESCRIPTORS : descriptors);
	int status = EXIT_REFUSED;

	if (error < 0) {
		log_error("cannot make an event loop: %s", uv_strerror(error));
		server_config_free(config);
		return EXIT_REFUSED;
	}
	log_as_daemon();
	status = run(&d);
	free_parts(&d);
	uv_loop_close(&d.loop);
	return status;
}
