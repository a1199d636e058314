#include "common/web/web_guard.h"

#include "common/config/units.h"
#include "common/core/endpoint.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { HOST_MAX = UNITS_HOST_MAX + 1 };

static bool is_unix(const struct sockaddr *peer)
{
	return peer->sa_family == AF_UNIX;
}

static bool is_loopback(const struct sockaddr *peer)
{
	struct endpoint e;

	if (peer->sa_family == AF_INET)
		e = endpoint_v4(&((const struct sockaddr_in *)(const void *)peer)->sin_addr, 0);
	else if (peer->sa_family == AF_INET6)
		e = endpoint_of(&((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, 0);
	else
		return false;
	return endpoint_is_loopback(&e);
}

/* Copy the host of "host:port". Returns false if there is none that a client of ours would send. */
static bool host_of(const char *header, char host[HOST_MAX])
{
	const char *end = header[0] == '[' ? strchr(header, ']') : header + strcspn(header, ":");
	size_t len;

	if (!end)
		return false;
	len = (size_t)(end - header) + (header[0] == '[');
	if (len == 0 || len >= HOST_MAX)
		return false;
	memcpy(host, header, len);
	host[len] = '\0';
	return true;
}

static bool is_local_name(const char *host)
{
	static const char suffix[] = ".localhost";
	size_t len = strlen(host), suffix_len = sizeof suffix - 1;
	char own[HOST_MAX] = "";

	if (strcasecmp(host, suffix + 1) == 0 || (len > suffix_len && strcasecmp(host + len - suffix_len, suffix) == 0))
		return true;
	return gethostname(own, sizeof own - 1) == 0 && strcasecmp(host, own) == 0;
}

/* A page of the internet whose name its owner lets resolve to 127.0.0.1 (DNS rebinding) is of that name for the
 * browser, which lets the page read what we answer. It cannot have an address or a name of this host. */
const char *web_guard_read(const struct web_guard_facts *f)
{
	char host[HOST_MAX];

	if (!f->host || !is_loopback(f->peer))
		return NULL;
	if (host_of(f->host, host) && (units_looks_numeric(host) || is_local_name(host)))
		return NULL;
	return "From this host itself, this page has the name localhost, this host's name or an address. A reverse "
	       "proxy that passes on another name uses a Unix socket.\n";
}

/* Browsers send one of these headers with each POST, and no tool does. */
const char *web_guard_reload(const struct web_guard_facts *f)
{
	if (f->reload == WEB_RELOAD_NEVER)
		return "The configuration does not allow a reload from here (web.reload).\n";
	if (f->reload == WEB_RELOAD_LOOPBACK && !is_loopback(f->peer) && !is_unix(f->peer))
		return "A reload is allowed from this host only (web.reload).\n";
	if (f->origin || f->fetch_site)
		return "A reload is for tools and not for web pages.\n";
	return NULL;
}
