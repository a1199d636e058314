/* The default places of configurations and keys: the user's directory, $XDG_CONFIG_HOME/floatprobe or else
 * ~/.config/floatprobe, and the host's, /etc/floatprobe. */
#ifndef FLOATPROBE_PLACES_H
#define FLOATPROBE_PLACES_H

#include <stddef.h>

#define PLACES_HOST "/etc/floatprobe"

/* The user's directory. The caller frees it. NULL: neither XDG_CONFIG_HOME nor HOME is set. */
char *places_user(void);
/* The directory for new files: the host's for root, else the user's. The caller frees it. NULL as above. */
char *places_new(void);
/* The first existing file of this name, the user's before the host's. The caller frees it. NULL: there is none. */
char *places_find(const char *name);
/* "A and B": where places_find looks. The caller frees it. */
char *places_text(const char *name);

#endif
