/* The URI of a server: floatprobe://KEY@ADDRESS[:PORT][?name=NAME&proto=udp,tcp]
 *
 * KEY is the server's public key in base64url, or in standard base64, with or without padding. Any part may be
 * percent-encoded (RFC 3986, 2.1). */
#ifndef FLOATPROBE_URI_H
#define FLOATPROBE_URI_H

#include "common/config/diag.h"
#include "common/config/units.h"
#include "common/core/endpoint.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stdint.h>

#define URI_SCHEME "floatprobe://"

/* Where the text stands, for messages. */
struct uri_place {
	struct diag_list *diags;
	const char *file;
	unsigned line, column; /* of its first octet; line 0: not in a file; column 0: messages give no position */
};

struct uri {
	uint8_t key[WIRE_KEY_LEN];
	char *name;    /* NULL: none is given */
	char *address; /* numeric or a DNS name */
	bool numeric;
	struct endpoint endpoint; /* the port is always set, the address only if numeric */
	bool udp, tcp;
	char interface[UNITS_INTERFACE_LEN]; /* of a link-local address, else "" */
};

/* False: the faults, all of them, are in place->diags. The caller frees the parts with uri_free in both cases. */
bool uri_parse(const char *text, const struct uri_place *place, struct uri *uri);
void uri_free(struct uri *uri);
/* "ADDRESS", or "ADDRESS:PORT" if the port is not the default. The caller frees it. NULL: memory is out. */
char *uri_host(struct diag_list *diags, const struct uri *uri);
/* The URI of a server; address as in a URI (IPv6 in brackets), with or without a port. The caller frees it. */
char *uri_text(const uint8_t key[WIRE_KEY_LEN], const char *address, const char *name);

#endif
