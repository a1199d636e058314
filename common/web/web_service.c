#include "common/web/web_service.h"

#include "common/system/clock.h"
#include "common/system/log.h"

#include <errno.h>
#include <string.h>

enum { STATUS_DONE = 200, STATUS_FAILED = 500 };

/* ---- health ---- */

void web_service_answer_healthy(void *context, const struct web_request *request, struct web_reply *reply)
{
	(void)context;
	(void)request;
	document_put(&reply->body, "Healthy.\n");
}

/* ---- reloads ---- */

static void reload_is_due(uv_timer_t *timer)
{
	struct web_service *service = timer->data;

	service->reload(service->context);
}

/* The next one that begins reads what is in the file now. One that is under way may have read it before. */
unsigned web_service_begin_reload(void *context)
{
	struct web_service *service = context;

	uv_timer_start(&service->asked, reload_is_due, 0, 0);
	return (service->reloads + 1) % WEB_VARIANTS_MAX;
}

void web_service_reloading(struct web_service *service)
{
	service->reloads++;
}

void web_service_answer(struct web_service *service, bool done)
{
	struct web_reply reply = { .status = done ? STATUS_DONE : STATUS_FAILED, .type = WEB_TEXT };

	document_put(&reply.body,
		     done ? "Reloaded.\n" : "The configuration is not in use, the old one stays; the log says why.\n");
	web_reply(service->web, WEB_SERVICE_RELOAD, service->reloads % WEB_VARIANTS_MAX, &reply);
}

/* ---- the place ---- */

/* Returns false if the system refused; the log then says why, and what becomes of it. */
static bool serve(struct web_service *service, const struct web_settings *settings, const char *consequence)
{
	int error = -ENOMEM;

	if (!service->web && !settings->listen)
		return true;
	if (!service->web)
		service->web = web_new(service->loop, service->routes, service);
	if (service->web)
		error = web_listen(service->web, settings);
	if (error < 0)
		log_error("cannot serve web at %s: %s%s%s", settings->listen, strerror(-error), web_remedy(error),
			  consequence);
	return error == 0;
}

bool web_service_start(struct web_service *service, uv_loop_t *loop, const struct web_settings *settings,
		       const struct web_route *routes, struct metrics_program *program)
{
	service->loop = loop;
	service->routes = routes;
	service->program = program;
	program->started_ns = program->reloaded_ns = clock_real_ns();
	uv_timer_init(loop, &service->asked);
	service->asked.data = service;
	return serve(service, settings, "");
}

void web_service_stop(struct web_service *service)
{
	if (service->loop)
		uv_close((uv_handle_t *)&service->asked, NULL);
	web_stop(service->web);
}

void web_service_free(struct web_service *service)
{
	web_free(service->web);
}

void web_service_reloaded(struct web_service *service, const struct web_settings *settings)
{
	service->program->reload_failed = !settings;
	if (!settings)
		return;
	service->program->reloaded_ns = clock_real_ns();
	serve(service, settings, "; it stays as it was");
	web_restart_drafts(service->web);
}
