#include "client/engine/driver.h"

#include "client/engine/receive.h"
#include "client/net/egress_table.h"
#include "client/net/link.h"
#include "common/core/ns.h"
#include "common/system/clock.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
	RESOLVE_THREADS_MIN = 4,
	RESOLVE_THREADS_MAX = 256, /* 128 names at a time */
};

static void set_timer(struct driver *d, int64_t wake_ns)
{
	struct itimerspec when = { 0 };

	if (wake_ns != INT64_MAX) {
		/* Relative: Debian's libfaketime takes absolute times of any clock for faked ones. */
		int64_t in_ns = wake_ns - clock_mono_ns();
		in_ns = in_ns < 1 ? 1 : in_ns; /* all zero would disarm it */
		when.it_value.tv_sec = (time_t)(in_ns / 1000000000);
		when.it_value.tv_nsec = (long)(in_ns % 1000000000);
	}
	timerfd_settime(d->timer_fd, 0, &when, NULL);
}

static void wake_now(struct engine *engine)
{
	set_timer((struct driver *)((char *)engine - offsetof(struct driver, engine)), clock_mono_ns());
}

/* Setting the timer makes it unreadable: it need not be read. */
static void timer_fired(uv_poll_t *poll, int status, int events)
{
	struct driver *d = poll->data;

	(void)status;
	(void)events;
	set_timer(d, engine_tick(&d->engine));
}

static void name_changed(void *context, const struct resolver_name *name, enum resolver_event event)
{
	struct driver *d = context;

	if (d->resolved)
		d->resolved(d->engine.context, name, event);
}

static void allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* libuv resolves in threads, of which it lends half to what is slow. Its four would be two names at a time; a slow name
 * server would cost each name of hundreds its turn. It reads the number before its first thread. */
static void allow_many_queries(const struct config *config)
{
	size_t threads = RESOLVE_THREADS_MIN;
	char text[32];

	for (size_t i = 0; i < config->targets_len && threads < RESOLVE_THREADS_MAX; i++)
		threads += config->targets[i].numeric ? 0 : 2;
	snprintf(text, sizeof text, "%zu", threads);
	setenv("UV_THREADPOOL_SIZE", text, 0);
}

void driver_resolve(struct driver *d)
{
	const struct config *config = d->engine.config;

	allow_many_queries(config);
	for (size_t i = 0; i < config->targets_len; i++) {
		if (!config->targets[i].numeric)
			resolver_add(d->resolver, config->targets[i].address, d->refresh_ms);
	}
}

static bool start_parts(struct driver *d, const struct config *config, bool ipv4, bool ipv6)
{
	const struct udp_dialer_hooks udp_hooks = receive_udp_hooks(&d->engine);
	const struct tcp_dialer_hooks tcp_hooks = receive_tcp_hooks(&d->engine);
	struct udp_dialer *udp = udp_dialer_new(d->loop, WIRE_UDP_MAX, &udp_hooks);
	struct tcp_dialer *tcp = tcp_dialer_new(d->loop, &tcp_hooks);

	d->engine.link = &link_of_host;
	d->engine.own_tap = own_tap_new(receive_at_link, &d->engine);
	d->engine.wake = wake_now;
	d->resolver = resolver_new(d->loop, ipv4, ipv6, name_changed, d);
	if (udp && tcp && d->resolver && engine_start(&d->engine, config, udp, tcp))
		return true;
	resolver_free(d->resolver);
	own_tap_free(d->engine.own_tap);
	tcp_dialer_free(tcp);
	udp_dialer_free(udp);
	return false;
}

int driver_start(struct driver *d, uv_loop_t *loop, const struct config *config, bool ipv4, bool ipv6,
		 unsigned refresh_ms)
{
	d->loop = loop;
	d->refresh_ms = refresh_ms;
	prctl(PR_SET_TIMERSLACK, 1UL); /* the default of 50 us would be half of our timer error */
	allow_many_files();
	d->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (d->timer_fd < 0)
		return -errno;
	if (!start_parts(d, config, ipv4, ipv6)) {
		close(d->timer_fd);
		return -ENOMEM;
	}
	uv_poll_init(loop, &d->timer_poll, d->timer_fd);
	d->timer_poll.data = d;
	uv_poll_start(&d->timer_poll, UV_READABLE, timer_fired);
	return 0;
}

static void timer_closed(uv_handle_t *handle)
{
	close(((struct driver *)handle->data)->timer_fd);
}

void driver_stop(struct driver *d)
{
	struct udp_dialer *udp = d->engine.udp;
	struct tcp_dialer *tcp = d->engine.tcp;

	uv_poll_stop(&d->timer_poll);
	uv_close((uv_handle_t *)&d->timer_poll, timer_closed);
	resolver_free(d->resolver);
	engine_stop(&d->engine);
	own_tap_free(d->engine.own_tap);
	tcp_dialer_free(tcp);
	udp_dialer_free(udp);
}

static bool is_link_local(const struct endpoint *e)
{
	return e->address[0] == 0xfe && (e->address[1] & 0xc0) == 0x80;
}

/* Why an address of a name is not probed; NULL: it is. */
static const char *fault_of(const struct config_target *t, const struct endpoint *address)
{
	if (t->family != CONFIG_BOTH_FAMILIES && (t->family == CONFIG_IPV4) != endpoint_is_v4(address))
		return "it has no address of a wanted family";
	if (is_link_local(address) && !t->egress.interface[0])
		return "it has only link-local addresses, which need `interface` in the target";
	return NULL;
}

static size_t addresses_of_name(const struct driver *d, const struct config_target *t,
				struct endpoint addresses[RESOLVER_ADDRESSES_MAX], const char **error)
{
	const struct resolver_name *name = resolver_find(d->resolver, t->address);
	size_t len = 0;

	if (!name || !name->addresses_len) {
		*error = name && name->error ? name->error : "no answer from the name service yet";
		return 0;
	}
	for (size_t i = 0; i < name->addresses_len; i++) {
		const char *fault = fault_of(t, &name->addresses[i]);
		if (fault) {
			*error = fault;
			continue;
		}
		addresses[len] = name->addresses[i];
		addresses[len++].port = t->endpoint.port;
	}
	*error = len ? NULL : *error;
	return len;
}

size_t driver_addresses(const struct driver *d, const struct config_target *t,
			struct endpoint addresses[RESOLVER_ADDRESSES_MAX], const char **error)
{
	int number = egress_table_number(&t->egress);
	size_t len = 1;

	*error = number < 0 ? "no room for another combination of source, interface, dscp, ttl and fwmark" : NULL;
	if (*error)
		return 0;
	if (t->numeric)
		addresses[0] = t->endpoint;
	else
		len = addresses_of_name(d, t, addresses, error);
	for (size_t i = 0; i < len; i++)
		addresses[i].egress = (uint16_t)number;
	return len;
}

static bool allow_asking(struct driver *d)
{
	const struct config *config = d->engine.config;
	struct endpoint addresses[RESOLVER_ADDRESSES_MAX];
	const char *error;

	querier_begin_addresses(d->engine.querier);
	for (size_t i = 0; i < config->targets_len && !d->engine.no_evidence; i++) {
		size_t n = driver_addresses(d, &config->targets[i], addresses, &error);
		for (size_t a = 0; a < n; a++) {
			if (!engine_may_ask(&d->engine, &config->targets[i], &addresses[a]))
				return false;
		}
	}
	return true;
}

bool driver_set_paths(struct driver *d, struct path **items, size_t len)
{
	if (!allow_asking(d) || !engine_set_paths(&d->engine, items, len))
		return false;
	querier_end_addresses(d->engine.querier);
	set_timer(d, clock_mono_ns());
	return true;
}

bool driver_reconfigure(struct driver *d, const struct config *config, struct path **items, size_t len)
{
	struct engine_before before;

	if (!engine_reconfigure(&d->engine, config, &before))
		return false;
	if (!driver_set_paths(d, items, len)) {
		engine_roll_back(&d->engine, &before);
		return false;
	}
	engine_commit(&before);
	if (d->refresh_ms)
		d->refresh_ms = (unsigned)(config->resolve_every_ns / NS_PER_MS);
	driver_resolve(d);
	return true;
}
