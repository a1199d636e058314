#include "common/web/web.h"

#include "common/core/ns.h"
#include "common/core/text.h"
#include "common/system/clock.h"
#include "common/web/web_guard.h"
#include "common/web/web_peers.h"
#include "common/web/web_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	PART_NS = 200 * 1000, /* for drafts, in one turn */
	PAUSE_FACTOR = 4,     /* after a turn, times as long as it took: at most a fifth of a core */
	PAUSE_MS_MIN = 1,
	PAUSE_MS_MAX = 50,
	SWEEP_MS = 1000,     /* from one look for late connections to the next */
	REFUSED_MS = 100,    /* from a failed accept() to the next */
	ACCEPTS = 2,         /* in one turn */
	SEND_BUFFER = 65536, /* limits what the kernel copies at once */
	REQUEST_MAX = 8192,  /* octets of its head */
	LIVE_MAX = 64 << 20, /* octets of finished drafts in memory, which slow readers hold, before a new one */
};

struct web_request {
	struct MHD_Connection *connection;
};

struct web_finished { /* lives as long as the response */
	struct web *web;
	unsigned status;
	char *text;
	size_t len;
	struct MHD_Response *response;
	unsigned users; /* peers that will be given it */
};

struct web {
	uv_loop_t *loop;
	const struct web_route *routes;
	size_t routes_len;
	void *context;
	enum web_reload reload;
	char *place; /* as configured; NULL: none */
	struct web_socket socket;
	struct MHD_Daemon *daemon;
	uv_poll_t events;    /* libmicrohttpd's epoll descriptor */
	uv_poll_t *arrivals; /* the listening socket; NULL: there is none */
	uv_timer_t timer;
	unsigned refused_ms; /* accept() failed: wait as long */
	struct web_peers peers;
	struct {
		bool active;
		struct web_draft draft;
	} drafts[WEB_ROUTES_MAX][WEB_VARIANTS_MAX];
	size_t live; /* octets of finished drafts */
	bool stopping;
};

/* ---- requests ---- */

const char *web_header(const struct web_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *web_argument(const struct web_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* ---- replies ---- */

static void add_headers(struct MHD_Response *response, const char *type)
{
	static const char *const headers[][2] = {
		{ "Cache-Control", "no-store" },
		{ "Vary", "Accept" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; "
					     "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
					     "frame-ancestors 'none'" },
	};

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
}

static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result = response ? MHD_queue_response(connection, status, response) : MHD_NO;

	if (response)
		MHD_destroy_response(response);
	return result;
}

/* A short text. */
static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *text, const char *allow)
{
	union {
		const char *constant;
		void *given;
	} body = { .constant = text };
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(strlen(text), body.given, MHD_RESPMEM_PERSISTENT);

	if (response)
		add_headers(response, WEB_TEXT);
	if (response && allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
	return queue(connection, status, response);
}

static enum MHD_Result answer(struct web *w, const struct web_route *route, struct MHD_Connection *connection)
{
	const struct web_request request = { connection };
	struct web_reply reply = { .status = MHD_HTTP_OK, .type = WEB_TEXT };
	struct MHD_Response *response;

	route->answer(w->context, &request, &reply);
	if (reply.body.failed) {
		document_free(&reply.body);
		return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "Out of memory.\n", NULL);
	}
	response = MHD_create_response_from_buffer(reply.body.len, reply.body.text, MHD_RESPMEM_MUST_FREE);
	if (response)
		add_headers(response, reply.type);
	else
		document_free(&reply.body);
	return queue(connection, reply.status, response);
}

/* ---- drafts ---- */

static void free_finished(void *finished)
{
	struct web_finished *f = finished;

	f->web->live -= f->len;
	free(f->text);
	free(f);
}

static void let_go(struct web_peer *peer)
{
	struct web_finished *f = peer->finished;

	peer->finished = NULL;
	if (f && --f->users == 0)
		MHD_destroy_response(f->response);
}

static enum MHD_Result wait_for(struct web_peer *peer, size_t route, unsigned variant)
{
	peer->waits = true;
	peer->route = route;
	peer->variant = variant;
	MHD_suspend_connection(peer->connection);
	return MHD_YES;
}

static enum MHD_Result wait_for_draft(struct web *w, struct web_peer *peer, size_t route)
{
	const struct web_request request = { peer->connection };
	unsigned variant = w->routes[route].variant ? w->routes[route].variant(&request) : 0;

	if (w->live >= LIVE_MAX && !w->drafts[route][variant].active)
		return say(peer->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "Too many slow readers.\n", NULL);
	if (!w->drafts[route][variant].active) {
		w->drafts[route][variant].active = true;
		w->drafts[route][variant].draft = (struct web_draft){
			.reply = { .status = MHD_HTTP_OK, .type = WEB_TEXT },
			.variant = variant,
		};
	}
	return wait_for(peer, route, variant);
}

static enum MHD_Result hand_out(struct web_peer *peer)
{
	enum MHD_Result result;

	if (!peer->finished)
		return say(peer->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "Out of memory.\n", NULL);
	result = MHD_queue_response(peer->connection, peer->finished->status, peer->finished->response);
	let_go(peer);
	return result;
}

/* Returns NULL if memory is out; the draft's text is then gone, too. */
static struct web_finished *finish(struct web *w, struct web_reply *reply)
{
	struct web_finished *f = reply->body.failed ? NULL : calloc(1, sizeof *f);

	if (!f) {
		document_free(&reply->body);
		return NULL;
	}
	*f = (struct web_finished){
		.web = w, .status = reply->status, .text = reply->body.text, .len = reply->body.len
	};
	w->live += f->len;
	f->response =
	    MHD_create_response_from_buffer_with_free_callback_cls(reply->body.len, f->text, free_finished, f);
	if (!f->response) {
		free_finished(f);
		return NULL;
	}
	add_headers(f->response, reply->type);
	return f;
}

/* Give it, or NULL, to those who wait for it. */
static void give(struct web *w, size_t route, unsigned variant, struct web_finished *f)
{
	for (size_t i = 0; i < WEB_PEERS_ALL; i++) {
		struct web_peer *peer = &w->peers.all[i];

		if (!peer->connection || !peer->waits || peer->route != route || peer->variant != variant)
			continue;
		peer->finished = f;
		if (f)
			f->users++;
		peer->waits = false;
		MHD_resume_connection(peer->connection);
	}
	if (f && f->users == 0)
		MHD_destroy_response(f->response);
}

/* Returns false if time is up. */
static bool write_draft(struct web *w, size_t route, unsigned variant, int64_t until_ns)
{
	struct web_draft *draft = &w->drafts[route][variant].draft;

	while (!draft->reply.body.failed && !w->routes[route].write(w->context, draft)) {
		if (clock_mono_ns() >= until_ns)
			return false;
	}
	w->drafts[route][variant].active = false;
	give(w, route, variant, finish(w, &draft->reply));
	return true;
}

static void write_drafts(struct web *w)
{
	int64_t until_ns = clock_mono_ns() + PART_NS;

	for (size_t r = 0; r < w->routes_len; r++) {
		for (unsigned v = 0; v < WEB_VARIANTS_MAX; v++) {
			if (w->drafts[r][v].active && !write_draft(w, r, v, until_ns))
				return;
		}
	}
}

static bool has_drafts(const struct web *w)
{
	for (size_t r = 0; r < w->routes_len; r++) {
		for (unsigned v = 0; v < WEB_VARIANTS_MAX; v++) {
			if (w->drafts[r][v].active)
				return true;
		}
	}
	return false;
}

void web_restart_drafts(struct web *w)
{
	for (size_t r = 0; w && r < w->routes_len; r++) {
		for (unsigned v = 0; v < WEB_VARIANTS_MAX; v++) {
			struct web_draft *draft = &w->drafts[r][v].draft;

			draft->section = draft->item = draft->count = draft->found = 0;
			draft->reply.body.len = 0;
		}
	}
}

/* ---- libmicrohttpd's calls ---- */

static const char *refusal(const struct web *w, struct MHD_Connection *connection, bool reloads)
{
	const struct web_request request = { connection };
	const struct web_guard_facts facts = {
		.peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
		.host = web_header(&request, MHD_HTTP_HEADER_HOST),
		.origin = web_header(&request, "Origin"),
		.fetch_site = web_header(&request, "Sec-Fetch-Site"),
		.reload = w->reload,
	};
	const char *why = web_guard_read(&facts);

	return !why && reloads ? web_guard_reload(&facts) : why;
}

static bool allows(const struct web_route *route, const char *method)
{
	if (route->post)
		return strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

static enum MHD_Result request_came(struct web *w, struct web_peer *peer, const char *url, const char *method)
{
	const struct web_route *route = w->routes;
	const char *why;

	while (route->path && strcmp(route->path, url) != 0)
		route++;
	if (!route->path)
		return say(peer->connection, MHD_HTTP_NOT_FOUND, "There is nothing here.\n", NULL);
	if (!allows(route, method))
		return say(peer->connection, MHD_HTTP_METHOD_NOT_ALLOWED, "This method is not allowed here.\n",
			   route->post ? "POST" : "GET, HEAD");
	why = refusal(w, peer->connection, route->reloads);
	if (why)
		return say(peer->connection, route->reloads ? MHD_HTTP_FORBIDDEN : MHD_HTTP_MISDIRECTED_REQUEST, why,
			   NULL);
	if (route->answer)
		return answer(w, route, peer->connection);
	if (route->begin)
		return wait_for(peer, (size_t)(route - w->routes), route->begin(w->context));
	return wait_for_draft(w, peer, (size_t)(route - w->routes));
}

/* Called when the head of a request is complete (*seen is NULL), for each part of its body, which no route of ours
 * reads, when all of it is there, and again after a suspension. A reply in the first call would end the connection. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_len, void **seen)
{
	struct web_peer *peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	bool first = *seen == NULL, body = *upload_len > 0;

	(void)version;
	(void)upload;
	*upload_len = 0;
	*seen = peer;
	if (!peer || (first && ((struct web *)context)->stopping))
		return MHD_NO;
	if (first || body)
		return MHD_YES;
	if (peer->phase == WEB_ANSWERING)
		return hand_out(peer);
	web_peers_turn(peer, WEB_ANSWERING, clock_mono_ns());
	return request_came(context, peer, url, method);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **seen,
			 enum MHD_RequestTerminationCode code)
{
	struct web_peer *peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

	(void)context;
	(void)seen;
	(void)code;
	if (peer)
		web_peers_turn(peer, WEB_IDLE, clock_mono_ns());
}

static void on_connection(void *context, struct MHD_Connection *connection, void **place,
			  enum MHD_ConnectionNotificationCode code)
{
	struct web *w = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*place = web_peers_add(&w->peers, connection, clock_mono_ns());
	} else if (*place) {
		let_go(*place);
		*(struct web_peer *)*place = (struct web_peer){ 0 };
	}
}

/* ---- turns ---- */

static void accept_one(struct web *w, int fd, const struct sockaddr_storage *from, socklen_t len)
{
	int buffer = SEND_BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
	MHD_add_connection(w->daemon, fd, (const struct sockaddr *)from, len); /* closes it on an error */
}

/* Returns whether there may be more. */
static bool accept_next(struct web *w)
{
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof from;
	int fd;

	if (!web_peers_make_room(&w->peers, clock_mono_ns()))
		return false;
	fd = accept4(w->socket.fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		accept_one(w, fd, &from, len);
	else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		w->refused_ms = REFUSED_MS; /* out of descriptors or memory */
	return fd >= 0;
}

static void accept_some(struct web *w)
{
	w->refused_ms = 0;
	for (unsigned i = 0; i < ACCEPTS && w->socket.fd >= 0 && accept_next(w); i++)
		;
}

static void pause_is_over(uv_timer_t *timer);

static void rest(struct web *w, int64_t busy_ns)
{
	uint64_t ms = (uint64_t)(busy_ns * PAUSE_FACTOR / NS_PER_MS) + PAUSE_MS_MIN;

	ms = ms < PAUSE_MS_MAX ? ms : PAUSE_MS_MAX;
	uv_poll_stop(&w->events);
	if (w->arrivals)
		uv_poll_stop(w->arrivals);
	uv_timer_start(&w->timer, pause_is_over, ms > w->refused_ms ? ms : w->refused_ms, 0);
}

static void take_turn(struct web *w)
{
	int64_t began_ns = clock_mono_ns();

	accept_some(w);
	MHD_run(w->daemon);
	if (has_drafts(w)) {
		write_drafts(w);
		MHD_run(w->daemon);
	}
	web_peers_end_late(&w->peers, began_ns);
	rest(w, clock_mono_ns() - began_ns);
}

static void something_came(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	take_turn(poll->data);
}

static void look(uv_timer_t *timer)
{
	take_turn(timer->data);
}

static bool has_work(struct web *w)
{
	MHD_UNSIGNED_LONG_LONG ms;

	return has_drafts(w) || (MHD_get_timeout(w->daemon, &ms) == MHD_YES && ms == 0);
}

static void pause_is_over(uv_timer_t *timer)
{
	struct web *w = timer->data;

	if (has_work(w)) {
		take_turn(w);
		return;
	}
	uv_poll_start(&w->events, UV_READABLE, something_came);
	if (w->arrivals)
		uv_poll_start(w->arrivals, UV_READABLE, something_came);
	if (web_peers_len(&w->peers) > 0)
		uv_timer_start(timer, look, SWEEP_MS, 0);
}

void web_reply(struct web *w, const char *path, unsigned variant, struct web_reply *reply)
{
	size_t route = 0;

	if (!w) {
		document_free(&reply->body);
		return;
	}
	while (strcmp(w->routes[route].path, path) != 0)
		route++;
	give(w, route, variant, finish(w, reply));
	uv_timer_start(&w->timer, look, 0, 0);
}

/* ---- places ---- */

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

static void close_place(struct web *w)
{
	if (w->arrivals)
		uv_close((uv_handle_t *)w->arrivals, free_handle);
	w->arrivals = NULL;
	web_socket_close(&w->socket);
	free(w->place);
	w->place = NULL;
}

/* Returns 0 or -errno; then nothing has changed. */
static int open_place(struct web *w, const struct web_settings *settings)
{
	struct web_socket new;
	uv_poll_t *poll = calloc(1, sizeof *poll);
	char *place = strdup(settings->listen);
	int error = poll && place ? web_socket_open(&new, settings) : -ENOMEM;

	if (error == 0) {
		error = uv_poll_init(w->loop, poll, new.fd);
		if (error < 0)
			web_socket_close(&new);
	}
	if (error < 0) {
		free(poll);
		free(place);
		return error;
	}
	close_place(w);
	w->place = place;
	w->socket = new;
	w->arrivals = poll;
	poll->data = w;
	return uv_poll_start(poll, UV_READABLE, something_came);
}

int web_listen(struct web *w, const struct web_settings *settings)
{
	bool same = text_equal(settings->listen, w->place);
	int error = !same && settings->listen ? open_place(w, settings) : 0;

	if (error < 0)
		return error;
	if (!settings->listen)
		close_place(w);
	w->reload = settings->reload;
	return 0;
}

const char *web_remedy(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "; 'ss -lptx' shows which program uses it: stop that program, or set another web";
	case -EACCES:
		return "; ports below 1024 need CAP_NET_BIND_SERVICE, and the directory of a Unix socket must be "
		       "writable";
	case -ENOTSOCK:
		return "; what has this name is no socket: remove it, or set another web";
	case -EADDRNOTAVAIL:
		return "; this host does not have this address";
	default:
		return "";
	}
}

/* ---- life ---- */

static struct MHD_Daemon *start_daemon(struct web *w)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
				on_request, w, MHD_OPTION_CONNECTION_LIMIT, (unsigned)WEB_PEERS_ALL,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MAX, MHD_OPTION_STRICT_FOR_CLIENT,
				1, MHD_OPTION_NOTIFY_COMPLETED, on_completed, w, MHD_OPTION_NOTIFY_CONNECTION,
				on_connection, w, MHD_OPTION_END);
}

static int start_events(struct web *w)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int error = info ? uv_poll_init(w->loop, &w->events, info->epoll_fd) : -EINVAL;

	if (error < 0)
		return error;
	uv_timer_init(w->loop, &w->timer);
	w->events.data = w->timer.data = w;
	return uv_poll_start(&w->events, UV_READABLE, something_came);
}

struct web *web_new(uv_loop_t *loop, const struct web_route *routes, void *context)
{
	struct web *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->loop = loop;
	w->routes = routes;
	while (routes[w->routes_len].path)
		w->routes_len++;
	w->context = context;
	w->socket.fd = -1;
	w->daemon = start_daemon(w);
	if (w->daemon && start_events(w) == 0)
		return w;
	if (w->daemon)
		MHD_stop_daemon(w->daemon);
	free(w);
	return NULL;
}

/* libmicrohttpd cannot stop while connections are suspended. */
static void release_waiting(struct web *w)
{
	for (size_t r = 0; r < w->routes_len; r++) {
		for (unsigned v = 0; v < WEB_VARIANTS_MAX; v++) {
			if (w->drafts[r][v].active)
				document_free(&w->drafts[r][v].draft.reply.body);
			w->drafts[r][v].active = false;
			give(w, r, v, NULL);
		}
	}
	MHD_run(w->daemon);
}

void web_stop(struct web *w)
{
	if (!w || !w->daemon)
		return;
	w->stopping = true;
	close_place(w);
	release_waiting(w);
	uv_close((uv_handle_t *)&w->events, NULL);
	uv_close((uv_handle_t *)&w->timer, NULL);
	MHD_stop_daemon(w->daemon);
	w->daemon = NULL;
}

void web_free(struct web *w)
{
	free(w);
}
