/* Make a new client or server: a commented configuration, a new key and the directories into which the lines of the
 * other side go. Prints the line that the other side needs on the standard output, and what to do with it on the
 * standard error. */
#ifndef FLOATPROBE_SETUP_H
#define FLOATPROBE_SETUP_H

#include <stdbool.h>

#define SETUP_SERVER_FILE "floatprobed.yaml"
#define SETUP_SERVER_KEY  "floatprobed.key"

struct setup {
	const char *dir;     /* NULL: the default place for new files */
	const char *name;    /* NULL: the host name */
	const char *address; /* of a server, as in a URI; NULL: the one from which this host sends to others */
};

/* False after an error, which is logged. Nothing is overwritten, and after an error nothing new is left. */
bool setup_client(const struct setup *setup);
bool setup_server(const struct setup *setup);

/* Print the URI of the server with this key. path NULL: the key in the default places. name NULL: the name in the
 * configuration beside the key, or the host name. False after an error, which is logged. */
bool setup_print_uri(const char *path, const char *address, const char *name);

#endif
