#include "server/daemon_web.h"

#include "server/daemon_page.h"

#include <stddef.h>

_Static_assert(offsetof(struct daemon_web, service) == 0, "the context of the service's own routes");

/* The page is there only after the sockets are open. */
static void answer_ready(void *context, const struct web_request *request, struct web_reply *reply)
{
	(void)context;
	(void)request;
	document_put(&reply->body, "Ready.\n");
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
	{ .path = "/metrics", .write = write_metrics, .variant = metrics_variant },
	{ .path = "/-/ready", .answer = answer_ready },
	WEB_SERVICE_ROUTES,
	{ .path = NULL },
};

bool daemon_web_start(struct daemon_web *w, uv_loop_t *loop, const struct web_settings *settings)
{
	return web_service_start(&w->service, loop, settings, routes, &w->metrics.program);
}
