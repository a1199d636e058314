#include "server/daemon_web.h"

#include "common/system/clock.h"
#include "common/system/log.h"
#include "common/web/page.h"
#include "server/daemon_page.h"

#include <errno.h>
#include <string.h>

enum { STATUS_FAILED = 500 };

/* ---- routes ---- */

static void answer_healthy(void *context, const struct web_request *request, struct web_reply *reply)
{
	(void)context;
	(void)request;
	document_put(&reply->body, "Healthy.\n");
}

/* The page is there only after the sockets are open. */
static void answer_ready(void *context, const struct web_request *request, struct web_reply *reply)
{
	(void)context;
	(void)request;
	document_put(&reply->body, "Ready.\n");
}

static void answer_reload(void *context, const struct web_request *request, struct web_reply *reply)
{
	struct daemon_web *w = context;
	bool done = w->reload(w->context);

	(void)request;
	reply->status = done ? reply->status : STATUS_FAILED;
	document_put(&reply->body,
		     done ? "Reloaded.\n" : "The configuration is not in use, the old one stays; the log says why.\n");
}

static bool write_metrics(void *context, struct web_draft *draft)
{
	struct daemon_web *w = context;

	return daemon_metrics_write(&w->metrics, draft);
}

static bool write_page(void *context, struct web_draft *draft)
{
	struct daemon_web *w = context;

	return daemon_page_write(&w->metrics, draft);
}

static const struct web_route routes[] = {
	{ .path = "/", .write = write_page },
	{ .path = PAGE_STYLE_PATH, .answer = page_answer_style },
	{ .path = PAGE_SCRIPT_PATH, .answer = page_answer_script },
	{ .path = "/metrics", .write = write_metrics, .variant = metrics_variant },
	{ .path = "/-/healthy", .answer = answer_healthy },
	{ .path = "/-/ready", .answer = answer_ready },
	{ .path = "/-/reload", .post = true, .reloads = true, .answer = answer_reload },
	{ .path = NULL },
};

/* ---- life ---- */

/* Returns false if the system refused; the log then says why, and what becomes of it. */
static bool serve(struct daemon_web *w, const struct web_settings *settings, const char *consequence)
{
	int error = -ENOMEM;

	if (!w->web && !settings->listen)
		return true;
	if (!w->web)
		w->web = web_new(w->loop, routes, w);
	if (w->web)
		error = web_listen(w->web, settings);
	if (error < 0)
		log_error("cannot serve web at %s: %s%s%s", settings->listen, strerror(-error), web_remedy(error),
			  consequence);
	return error == 0;
}

bool daemon_web_start(struct daemon_web *w, uv_loop_t *loop, const struct web_settings *settings)
{
	w->loop = loop;
	w->metrics.started_ns = w->metrics.reloads.success_ns = clock_real_ns();
	return serve(w, settings, "");
}

void daemon_web_stop(struct daemon_web *w)
{
	web_stop(w->web);
}

void daemon_web_free(struct daemon_web *w)
{
	web_free(w->web);
}

void daemon_web_reloaded(struct daemon_web *w, const struct web_settings *settings)
{
	w->metrics.reloads.failed = !settings;
	if (!settings)
		return;
	w->metrics.reloads.success_ns = clock_real_ns();
	serve(w, settings, "; it stays as it was");
	web_restart_drafts(w->web);
}
