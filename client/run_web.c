#include "client/run_web.h"

#include "client/metrics/probe_page.h"
#include "client/metrics/status_page.h"
#include "common/system/clock.h"
#include "common/system/log.h"
#include "common/web/page.h"

#include <errno.h>
#include <string.h>

enum { STATUS_FAILED = 500, STATUS_NOT_READY = 503 };

/* ---- routes ---- */

static void answer_healthy(void *context, const struct web_request *request, struct web_reply *reply)
{
	(void)context;
	(void)request;
	document_put(&reply->body, "Healthy.\n");
}

static void answer_ready(void *context, const struct web_request *request, struct web_reply *reply)
{
	const struct run_web *w = context;
	const struct driver *driver = w->metrics.driver;
	bool ready = driver->engine.paths.len > 0 || resolver_settled(driver->resolver);

	(void)request;
	reply->status = ready ? reply->status : STATUS_NOT_READY;
	document_put(&reply->body, ready ? "Ready.\n" : "No name of a target is resolved yet.\n");
}

static void answer_reload(void *context, const struct web_request *request, struct web_reply *reply)
{
	struct run_web *w = context;
	bool done = w->reload(w->context);

	(void)request;
	reply->status = done ? reply->status : STATUS_FAILED;
	document_put(&reply->body,
		     done ? "Reloaded.\n" : "The configuration is not in use, the old one stays; the log says why.\n");
}

static void answer_probe(void *context, const struct web_request *request, struct web_reply *reply)
{
	const struct run_web *w = context;

	probe_page_answer(&w->metrics, request, reply);
}

static bool write_metrics(void *context, struct web_draft *draft)
{
	struct run_web *w = context;

	return run_metrics_write(&w->metrics, draft);
}

static bool write_page(void *context, struct web_draft *draft)
{
	struct run_web *w = context;

	return status_page_write(&w->metrics, draft);
}

static const struct web_route routes[] = {
	{ .path = "/", .write = write_page },
	{ .path = PAGE_STYLE_PATH, .answer = page_answer_style },
	{ .path = PAGE_SCRIPT_PATH, .answer = page_answer_script },
	{ .path = "/metrics", .write = write_metrics, .variant = metrics_variant },
	{ .path = "/probe", .answer = answer_probe },
	{ .path = "/-/healthy", .answer = answer_healthy },
	{ .path = "/-/ready", .answer = answer_ready },
	{ .path = "/-/reload", .post = true, .reloads = true, .answer = answer_reload },
	{ 0 },
};

/* ---- life ---- */

static const struct web_settings *settings_of(const struct run_web *w)
{
	return &w->metrics.driver->engine.config->web;
}

/* Returns false if the system refused; the log then says why, and what becomes of it. */
static bool serve(struct run_web *w, const char *consequence)
{
	const struct web_settings *settings = settings_of(w);
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

bool run_web_start(struct run_web *w, uv_loop_t *loop, const struct driver *driver)
{
	w->loop = loop;
	w->metrics.driver = driver;
	w->metrics.started_ns = w->metrics.reloads.success_ns = clock_real_ns();
	return serve(w, "");
}

void run_web_stop(struct run_web *w)
{
	web_stop(w->web);
}

void run_web_free(struct run_web *w)
{
	web_free(w->web);
	series_free(&w->metrics.series);
}

/* ---- events ---- */

void run_web_renewed(struct run_web *w)
{
	if (!w->web)
		return;
	web_restart_drafts(w->web);
	if (!series_renew(&w->metrics.series, &w->metrics.driver->engine.paths, clock_real_ns()))
		log_error("out of memory: the metrics of paths pause until the next reload");
}

void run_web_reloaded(struct run_web *w, bool successful)
{
	bool served = w->web != NULL;

	w->metrics.reloads.failed = !successful;
	if (!successful)
		return;
	w->metrics.reloads.success_ns = clock_real_ns();
	serve(w, "; it stays as it was");
	if (!served)
		run_web_renewed(w);
}

void run_web_decided(struct run_web *w, const struct path *path, uint32_t seq)
{
	if (w->web)
		series_decided(&w->metrics.series, path, seq, clock_mono_ns());
}
