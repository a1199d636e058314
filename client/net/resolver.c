#include "client/net/resolver.h"

#include "common/system/log.h"
#include "common/system/udp.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

/* A query that cannot be cancelled outlives its entry. */
struct query {
	uv_getaddrinfo_t request;
	struct entry *entry; /* NULL: the result is discarded */
};

struct entry {
	struct resolver_name public;
	struct resolver *resolver;
	struct entry *next;
	uv_timer_t timer;
	struct query *query;
	unsigned refresh_ms;
	size_t left_out; /* addresses without room, as they were said */
};

struct resolver {
	uv_loop_t *loop;
	struct entry *entries;
	int family;
	void (*changed)(void *context, const struct resolver_name *name, enum resolver_event event);
	void *context;
};

struct resolver *
resolver_new(uv_loop_t *loop, bool ipv4, bool ipv6,
	     void (*changed)(void *context, const struct resolver_name *name, enum resolver_event event), void *context)
{
	struct resolver *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->loop = loop;
	r->family = ipv4 == ipv6 ? AF_UNSPEC : ipv4 ? AF_INET : AF_INET6;
	r->changed = changed;
	r->context = context;
	return r;
}

static void entry_closed(uv_handle_t *handle)
{
	struct entry *e = handle->data;
	union {
		const char *given;
		void *mine;
	} name = { .given = e->public.name };

	free(name.mine);
	free(e);
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	for (struct entry *e = r->entries, *next; e; e = next) {
		next = e->next;
		if (e->query) {
			e->query->entry = NULL;
			uv_cancel((uv_req_t *)&e->query->request);
		}
		uv_close((uv_handle_t *)&e->timer, entry_closed);
	}
	free(r);
}

static int compare(const void *a, const void *b)
{
	return memcmp(((const struct endpoint *)a)->address, ((const struct endpoint *)b)->address, 16);
}

/* Not unspecified, multicast or broadcast. */
static bool is_of_a_host(const struct endpoint *e)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };
	const uint8_t *v4 = e->address + sizeof endpoint_v4_prefix;

	if (!endpoint_is_v4(e))
		return !endpoint_is_unknown(e) && e->address[0] != 0xff;
	return v4[0] != 0 && (v4[0] & 0xf0) != 0xe0 && memcmp(v4, broadcast, sizeof broadcast) != 0;
}

/* All hosts' addresses of an answer, without doubles, sorted: the DNS server may rotate their order. A filter answers
 * 0.0.0.0, which the kernel takes for this host. The caller frees the list; NULL: no memory. Sorting comes first, so
 * that always the same ones are taken of more than there is room for. */
static struct endpoint *all_addresses(const struct addrinfo *list, size_t *len)
{
	struct endpoint *all;
	size_t room = 1, n = 0;

	for (const struct addrinfo *a = list; a; a = a->ai_next)
		room++;
	all = calloc(room, sizeof *all);
	for (const struct addrinfo *a = list; all && a; a = a->ai_next) {
		all[n] = udp_endpoint(a->ai_addr);
		all[n].port = 0;
		n += is_of_a_host(&all[n]);
	}
	if (n > 0)
		qsort(all, n, sizeof *all, compare);
	*len = 0;
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !endpoint_same_address(&all[*len - 1], &all[i]))
			all[(*len)++] = all[i];
	}
	return all;
}

/* *left_out: how many addresses have no room. */
static size_t collect(const struct addrinfo *list, struct endpoint addresses[RESOLVER_ADDRESSES_MAX], size_t *left_out)
{
	size_t len = 0, taken;
	struct endpoint *all = all_addresses(list, &len);

	taken = !all ? 0 : len < RESOLVER_ADDRESSES_MAX ? len : RESOLVER_ADDRESSES_MAX;
	if (taken > 0)
		memcpy(addresses, all, taken * sizeof *all);
	*left_out = len - taken;
	free(all);
	return taken;
}

static void say_left_out(struct entry *e, size_t left_out)
{
	if (left_out > 0 && left_out != e->left_out)
		log_warning("%s has %zu addresses; only %d of them are probed", e->public.name,
			    left_out + RESOLVER_ADDRESSES_MAX, RESOLVER_ADDRESSES_MAX);
	e->left_out = left_out;
}

static void tell(const struct entry *e, enum resolver_event event)
{
	if (e->resolver->changed)
		e->resolver->changed(e->resolver->context, &e->public, event);
}

static void failed(struct entry *e, const char *error)
{
	bool same = e->public.error && strcmp(e->public.error, error) == 0;

	e->public.error = error;
	if (!same)
		tell(e, RESOLVER_FAILED);
}

static void succeeded(struct entry *e, const struct endpoint addresses[RESOLVER_ADDRESSES_MAX], size_t n)
{
	struct resolver_name *name = &e->public;
	bool first = name->addresses_len == 0, recovered = name->error != NULL;
	bool differs = n != name->addresses_len || memcmp(addresses, name->addresses, sizeof name->addresses) != 0;

	name->error = NULL;
	memcpy(name->addresses, addresses, sizeof name->addresses);
	name->addresses_len = n;
	if (recovered)
		tell(e, RESOLVER_RECOVERED);
	if (differs)
		tell(e, first ? RESOLVER_RESOLVED : RESOLVER_MOVED);
}

static const char *error_text(int status)
{
	switch (status) {
	case 0:
		return "it has only addresses of no host, as 0.0.0.0 or ::";
	case UV_EAI_AGAIN:
		return "the name service does not answer, or reports a failure";
	case UV_EAI_NONAME:
		return "the name service knows no such name";
	case UV_EAI_NODATA:
		return "the name has no address";
	default:
		return uv_strerror(status);
	}
}

static void answered(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct query *query = (struct query *)request;
	struct entry *e = query->entry;
	struct endpoint addresses[RESOLVER_ADDRESSES_MAX];
	size_t n, left_out = 0;

	memset(addresses, 0, sizeof addresses);
	n = status == 0 ? collect(list, addresses, &left_out) : 0;
	uv_freeaddrinfo(list);
	free(query);
	if (!e)
		return;
	e->query = NULL;
	e->public.done = true;
	say_left_out(e, left_out);
	if (n > 0)
		succeeded(e, addresses, n);
	else
		failed(e, error_text(status));
}

static void ask(uv_timer_t *timer)
{
	struct entry *e = timer->data;
	struct addrinfo hints = { .ai_family = e->resolver->family, .ai_socktype = SOCK_DGRAM };

	if (e->query)
		return; /* the last query is still in progress */
	e->query = malloc(sizeof *e->query);
	if (!e->query)
		return;
	e->query->entry = e;
	if (uv_getaddrinfo(e->resolver->loop, &e->query->request, answered, e->public.name, NULL, &hints) != 0) {
		free(e->query);
		e->query = NULL;
	}
}

static struct entry *find(const struct resolver *r, const char *name)
{
	for (struct entry *e = r->entries; e; e = e->next) {
		if (strcmp(e->public.name, name) == 0)
			return e;
	}
	return NULL;
}

const struct resolver_name *resolver_find(const struct resolver *r, const char *name)
{
	const struct entry *e = find(r, name);

	return e ? &e->public : NULL;
}

const struct resolver_name *resolver_add(struct resolver *r, const char *name, unsigned refresh_ms)
{
	struct entry *e = find(r, name);

	if (e && e->refresh_ms != refresh_ms)
		uv_timer_start(&e->timer, ask, refresh_ms, e->refresh_ms = refresh_ms);
	if (e)
		return &e->public;
	e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	e->public.name = strdup(name);
	if (!e->public.name) {
		free(e);
		return NULL;
	}
	e->resolver = r;
	e->refresh_ms = refresh_ms;
	e->next = r->entries;
	r->entries = e;
	uv_timer_init(r->loop, &e->timer);
	e->timer.data = e;
	uv_unref((uv_handle_t *)&e->timer);
	uv_timer_start(&e->timer, ask, 0, refresh_ms);
	return &e->public;
}

const char *resolver_awaited(const struct resolver *r, size_t *more)
{
	const char *name = NULL;

	*more = 0;
	for (const struct entry *e = r->entries; e; e = e->next) {
		if (e->public.done)
			continue;
		*more += name != NULL;
		name = e->public.name;
	}
	return name;
}

void resolver_refresh(struct resolver *r)
{
	for (struct entry *e = r->entries; e; e = e->next)
		ask(&e->timer);
}

bool resolver_settled(const struct resolver *r)
{
	size_t more;

	return !resolver_awaited(r, &more);
}

bool resolver_busy(const struct resolver *r)
{
	for (const struct entry *e = r->entries; e; e = e->next) {
		if (e->query)
			return true;
	}
	return false;
}
