/* The client's configuration: what a YAML file, or the URIs of `floatprobe ping`, ask for (DESIGN § 3). */
#ifndef FLOATPROBE_CLIENT_CONFIG_H
#define FLOATPROBE_CLIENT_CONFIG_H

#include "common/config/diag.h"
#include "common/core/endpoint.h"
#include "common/core/seal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CONFIG_SIZE_DEFAULT = 512,
	CONFIG_SIZES_MAX = 16,
	CONFIG_SCHEDULES_MAX = 8, /* of one target */
	CONFIG_HELD_MAX = 64,
};

enum config_role { CONFIG_DROPLET, CONFIG_FLOATING, CONFIG_ANCHOR };
const char *config_role_name(enum config_role role);

struct config_server {
	char *name;
	uint8_t key[WIRE_KEY_LEN];
};

struct config_schedule {
	char *name;
	int64_t every_ns;
	int64_t timeout_ns;       /* default 1 s */
	int64_t spacing_ns;       /* between the probes of a burst; default 20 ms */
	unsigned count;           /* probes each time; default 1 */
	unsigned jitter_permille; /* of every (of spacing within check); default 100 = 10 % */
};

struct config_target {
	char *name;
	enum config_role role;
	char *address; /* as written: numeric or a DNS name */
	bool numeric;
	struct endpoint endpoint;         /* its port is always right; its address only where numeric */
	unsigned servers[WIRE_SLOTS_MAX]; /* indexes: who may answer */
	unsigned servers_len;
	struct endpoint arrives_on; /* port 0; all zero: not asked for */
	bool udp, tcp;
	unsigned schedules[CONFIG_SCHEDULES_MAX];
	unsigned schedules_len;
	unsigned held, fresh; /* UDP flows; default 1 and 1; fresh is 0 or 1 */
	unsigned sizes[CONFIG_SIZES_MAX];
	unsigned sizes_len;
	bool unpinned;
	bool expect_reachable;
};

struct config {
	char *file; /* NULL for ping */
	char *vantage;
	char *key_file;
	struct seal_identity identity;
	struct config_server *servers;
	size_t servers_len;
	struct config_schedule *schedules;
	size_t schedules_len;
	struct config_target *targets;
	size_t targets_len;
	unsigned lossy_permille; /* share of loss in the window from which a path is lossy; default 50 */
	char *journal;           /* NULL: none; relative paths are already resolved against the file */
};

/* Read and check a file, its targets_from files and its key file. All faults land in diags; NULL if any
 * is an error, and then nothing was applied. Warnings (features that are not there yet) come with a result. */
struct config *config_load(const char *file, struct diag_list *diags);

/* The same from URIs: floatprobe://KEY@ADDRESS[:PORT][?proto=udp,tcp]. Servers and targets are named after
 * host[:port]; role is droplet. key_file NULL: $XDG_CONFIG_HOME/floatprobe/key, or ~/.config/floatprobe/key. */
struct config *config_from_uris(char *const *uris, size_t uris_len, const char *key_file, const char *vantage,
				struct diag_list *diags);

/* The name of the server with this index; NULL for -1, nobody. */
const char *config_server_name(const struct config *config, int server);

/* What the configuration means, for people: `floatprobe config FILE`. */
void config_print(const struct config *config, FILE *out);

void config_free(struct config *config);

#endif
