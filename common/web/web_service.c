#include "common/web/web_service.h"

#include "common/system/clock.h"
#include "common/system/log.h"

#include <errno.h>
#include <string.h>

enum { STATUS_FAILED = 500 };

void web_service_answer_healthy(void *context, const struct web_request *request, struct web_reply *reply)
{
	(void)context;
	(void)request;
	document_put(&reply->body, "Healthy.\n");
}

void web_service_answer_reload(void *context, const struct web_request *request, struct web_reply *reply)
{
	struct web_service *service = context;
	bool done = service->reload(service->context);

	(void)request;
	reply->status = done ? reply->status : STATUS_FAILED;
	document_put(&reply->body,
		     done ? "Reloaded.\n" : "The configuration is not in use, the old one stays; the log says why.\n");
}

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
	return serve(service, settings, "");
}

void web_service_stop(struct web_service *service)
{
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
