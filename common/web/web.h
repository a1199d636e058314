/* An HTTP server over libmicrohttpd under libuv, without threads. What it does is done in turns of at most about a
 * millisecond with pauses between them, so that requests, however many and however slow, hardly delay what else runs
 * in the loop: large replies are written and sent in parts. Connections are few; each has a deadline; when all are in
 * use, the one that has least to lose ends for a new one. */
#ifndef FLOATPROBE_WEB_H
#define FLOATPROBE_WEB_H

#include "common/config/web_settings.h"
#include "common/web/document.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct web_request;

/* The values of a request; NULL: not given. */
const char *web_header(const struct web_request *request, const char *name);
const char *web_argument(const struct web_request *request, const char *name); /* ?name=value */

#define WEB_TEXT "text/plain; charset=utf-8"
#define WEB_HTML "text/html; charset=utf-8"
#define WEB_JSON "application/json"

struct web_reply {
	unsigned status;  /* 200 at first */
	const char *type; /* WEB_TEXT at first */
	struct document body;
};

/* A route's reply in parts, shared by all who wait for the same variant of it. */
struct web_draft {
	struct web_reply reply;
	unsigned variant;
	size_t section, item, count, found; /* the writer's; 0 at first */
};

enum { WEB_VARIANTS_MAX = 2 };

/* Either `answer`, `write` or `begin`. */
struct web_route {
	const char *path; /* NULL ends a list of routes */
	bool post;        /* POST; else GET and HEAD */
	bool reloads;     /* for whom the settings let ask for a reload */
	/* Write the whole reply, which is small. */
	void (*answer)(void *context, const struct web_request *request, struct web_reply *reply);
	/* Write a part of the reply, some 100 us long. Returns false if there is more to write. */
	bool (*write)(void *context, struct web_draft *draft);
	/* The reply is not known yet: web_reply gives it to all who wait for the variant that this returns. */
	unsigned (*begin)(void *context);
	/* Which variant of what `write` writes; below WEB_VARIANTS_MAX. NULL: 0. */
	unsigned (*variant)(const struct web_request *request);
};

enum { WEB_ROUTES_MAX = 9 };

struct web;

/* Returns NULL if memory or descriptors are out. routes: at most WEB_ROUTES_MAX; borrowed, as is context. */
struct web *web_new(uv_loop_t *loop, const struct web_route *routes, void *context);
/* Serve at this place instead of the one before, or nowhere if nothing is configured. Returns 0 or -errno; on an error
 * the old place stays. The same place again stays open. */
int web_listen(struct web *web, const struct web_settings *settings) __attribute__((warn_unused_result));
/* What drafts tell of has changed: they begin anew. Accepts NULL. */
void web_restart_drafts(struct web *web);
/* Give a short reply to those who wait for this variant of this route. Accepts NULL. */
void web_reply(struct web *web, const char *path, unsigned variant, struct web_reply *reply);
/* End all connections. Free it after the loop has closed its handles. Both accept NULL. */
void web_stop(struct web *web);
void web_free(struct web *web);

/* What to add to the message about an error of web_listen; "" if there is nothing to add. */
const char *web_remedy(int error);

#endif
