/* What both programs serve on `web:` in the same way, besides pages of their own: health, reload, style and script;
 * and the place where they serve, which a reload may change. */
#ifndef FLOATPROBE_WEB_SERVICE_H
#define FLOATPROBE_WEB_SERVICE_H

#include "common/web/causes_page.h"
#include "common/web/metrics.h"
#include "common/web/page.h"
#include "common/web/web.h"

#include <stdbool.h>
#include <uv.h>

/* The first member of a program's own struct, which is the context of its routes. */
struct web_service {
	void (*reload)(void *context); /* begin to read the configuration again, or do it once more after this time */
	void *context;                 /* of reload */
	/* Its own: */
	uv_timer_t asked; /* for a reload: not within a turn of the web server */
	unsigned reloads; /* that have begun */
	const struct web_route *routes;
	struct metrics_program *program;
	uv_loop_t *loop;
	struct web *web; /* NULL: nothing is configured */
};

#define WEB_SERVICE_RELOAD "/-/reload"

/* For the table of a program's routes. */
#define WEB_SERVICE_ROUTES                                                                                             \
	{ .path = PAGE_STYLE_PATH, .answer = page_answer_style },                                                      \
	    { .path = PAGE_SCRIPT_PATH, .answer = page_answer_script },                                                \
	    { .path = PAGE_CAUSES_PATH, .write = causes_page_write },                                                  \
	    { .path = "/-/healthy", .answer = web_service_answer_healthy },                                            \
	{                                                                                                              \
		.path = WEB_SERVICE_RELOAD, .post = true, .reloads = true, .begin = web_service_begin_reload           \
	}
void web_service_answer_healthy(void *context, const struct web_request *request, struct web_reply *reply);
unsigned web_service_begin_reload(void *context);

/* Serve these routes at the place that the settings name, if they name one. Set reload and its context before. routes
 * and program are borrowed; program is filled. Returns false if the system refused; the log says why. */
bool web_service_start(struct web_service *service, uv_loop_t *loop, const struct web_settings *settings,
		       const struct web_route *routes, struct metrics_program *program)
    __attribute__((warn_unused_result));
/* Free it after the loop has closed its handles. Both may be called without a start. */
void web_service_stop(struct web_service *service);
void web_service_free(struct web_service *service);

/* A reload begins, whoever asked for it. */
void web_service_reloading(struct web_service *service);
/* settings: what it brought, NULL after a failure. Serves at the new place, if there is one; the old
 * one stays if the system refuses. Pages that are being written begin anew. */
void web_service_reloaded(struct web_service *service, const struct web_settings *settings);
/* It is over: tell those who asked for it before it began. */
void web_service_answer(struct web_service *service, bool done);

#endif
