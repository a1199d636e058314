/* Which requests are refused whatever they ask for: those that a browser makes on behalf of a page of another origin.
 */
#ifndef FLOATPROBE_WEB_GUARD_H
#define FLOATPROBE_WEB_GUARD_H

#include "common/config/web_settings.h"

#include <stdbool.h>
#include <sys/socket.h>

struct web_guard_facts {
	const struct sockaddr *peer;
	const char *host, *origin, *fetch_site; /* headers; NULL: not given */
	enum web_reload reload;                 /* the settings */
};

/* NULL: it may be answered; else why not. */
const char *web_guard_read(const struct web_guard_facts *facts);
const char *web_guard_reload(const struct web_guard_facts *facts);

#endif
