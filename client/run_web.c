#include "client/run_web.h"

#include "client/metrics/probe_page.h"
#include "client/metrics/status_page.h"
#include "common/system/clock.h"
#include "common/system/log.h"

#include <stddef.h>

enum { STATUS_NOT_READY = 503 };

_Static_assert(offsetof(struct run_web, service) == 0, "the context of the service's own routes");

/* ---- routes ---- */

static void answer_ready(void *context, const struct web_request *request, struct web_reply *reply)
{
	const struct run_web *w = context;
	const struct driver *driver = w->metrics.driver;
	bool ready = driver->engine.paths.len > 0 || resolver_settled(driver->resolver);

	(void)request;
	reply->status = ready ? reply->status : STATUS_NOT_READY;
	document_put(&reply->body, ready ? "Ready.\n" : "No name of a target is resolved yet.\n");
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
	{ .path = "/metrics", .write = write_metrics, .variant = metrics_variant },
	{ .path = "/probe", .answer = answer_probe },
	{ .path = "/-/ready", .answer = answer_ready },
	WEB_SERVICE_ROUTES,
	{ .path = NULL },
};

/* ---- life ---- */

static const struct web_settings *settings_of(const struct run_web *w)
{
	return &w->metrics.driver->engine.config->web;
}

bool run_web_start(struct run_web *w, uv_loop_t *loop, const struct driver *driver)
{
	w->metrics.driver = driver;
	return web_service_start(&w->service, loop, settings_of(w), routes, &w->metrics.program);
}

void run_web_stop(struct run_web *w)
{
	web_service_stop(&w->service);
}

void run_web_free(struct run_web *w)
{
	web_service_free(&w->service);
	series_free(&w->metrics.series);
}

/* ---- events ---- */

void run_web_renewed(struct run_web *w)
{
	if (!w->service.web)
		return;
	web_restart_drafts(w->service.web);
	if (!series_renew(&w->metrics.series, &w->metrics.driver->engine.paths, clock_real_ns()))
		log_error("out of memory: the metrics of paths pause until the next reload");
}

void run_web_reloaded(struct run_web *w, bool successful)
{
	bool served = w->service.web != NULL;

	web_service_reloaded(&w->service, successful ? settings_of(w) : NULL);
	if (successful && !served)
		run_web_renewed(w);
}

void run_web_decided(struct run_web *w, const struct path *path, uint32_t seq)
{
	if (w->service.web)
		series_decided(&w->metrics.series, path, seq, clock_mono_ns());
}
