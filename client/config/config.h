/* The client's configuration, from a YAML file or from the URIs of `floatprobe ping`. */
#ifndef FLOATPROBE_CLIENT_CONFIG_H
#define FLOATPROBE_CLIENT_CONFIG_H

#include "common/config/diag.h"
#include "common/config/identity.h"
#include "common/config/log_settings.h"
#include "common/config/web_settings.h"
#include "common/core/endpoint.h"
#include "common/core/seal.h"
#include "common/system/egress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CONFIG_SIZE_DEFAULT = 512,
	CONFIG_SIZES_MAX = 16,
	CONFIG_SCHEDULES_MAX = 8, /* per target */
	CONFIG_HELD_MAX = 64,
};

#define CONFIG_FILE_NAME "floatprobe.yaml" /* in the default places, see places.h */
#define CONFIG_KEY_NAME  "key"

enum config_role { CONFIG_DROPLET, CONFIG_FLOATING, CONFIG_ANCHOR };
const char *config_role_name(enum config_role role);

struct config_server {
	char *name;
	uint8_t keys[IDENTITY_KEYS_MAX]
		    [WIRE_KEY_LEN]; /* several while the key is changed; the first is the usual one */
	unsigned keys_len;
};

struct config_schedule {
	char *name;
	int64_t every_ns;
	int64_t timeout_ns;       /* default 1 s */
	int64_t spacing_ns;       /* between the probes of a burst; default 20 ms */
	unsigned count;           /* probes per burst; default 1 */
	unsigned jitter_permille; /* share of every_ns (check: of the spacing); default 100 = 10 % */
};

enum config_family { CONFIG_BOTH_FAMILIES, CONFIG_IPV4, CONFIG_IPV6 };
/* A path beyond it is not as expected. */
struct config_threshold {
	bool has_loss;
	unsigned loss_permille;
	int64_t rtt_ns; /* median; 0: none */
};
/* Take what `given` sets. */
void config_threshold_set(struct config_threshold *threshold, const struct config_threshold *given);
/* What of critical is below the same of warn: "loss", "rtt" or both. NULL: nothing. */
const char *config_threshold_fault(const struct config_threshold *warn, const struct config_threshold *critical);

struct config_target {
	char *name;
	enum config_role role;
	char *address; /* as configured: numeric or a DNS name */
	bool numeric;
	struct endpoint endpoint;         /* the port is always set, the address only if numeric */
	unsigned servers[WIRE_SLOTS_MAX]; /* indexes into config.servers: which servers are allowed to answer */
	unsigned servers_len;
	bool holders_many;          /* several of them answer at once */
	struct endpoint arrives_on; /* expected destination address at the server; port 0; all zero: not checked */
	bool udp, tcp;
	bool stamp; /* a plain STAMP reflector; udp and tcp are false, and no server is named */
	unsigned schedules[CONFIG_SCHEDULES_MAX];
	unsigned schedules_len;
	unsigned held;  /* held UDP flows; default 1 */
	unsigned fresh; /* fresh UDP flows, 0 or 1; default 1 */
	unsigned sizes[CONFIG_SIZES_MAX];
	unsigned sizes_len;
	bool pmtu; /* also send PMTU probes: no sizes are configured */
	bool unpinned;
	bool expect_reachable;
	enum config_family family; /* of the addresses of a name that are probed */
	struct egress egress;      /* how probes leave this host */
	struct config_threshold warn, critical;
	bool unprobed; /* the command line names other targets; its servers can be asked for evidence all the same */
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
	int64_t resolve_every_ns; /* default 60 s */
	unsigned lossy_permille;  /* a path is lossy from this share of loss in the window; default 50 */
	char *user;               /* NULL: the default; who `run` becomes if root starts it */
	char *journal;            /* NULL: none; a relative path has been resolved against the file's directory */
	struct log_settings log;  /* of `run` */
	struct web_settings web;
};

/* Read and check a file, its targets_from files and its key file. All faults are added to diags. NULL: at least one of
 * the faults is an error. */
struct config *config_load(const char *file, struct diag_list *diags);

/* Build a configuration from URIs, see uri.h. Servers and targets without a name are named host[:port]; the role is
 * droplet. key_file NULL: the file `key` in the default places. */
struct config *config_from_uris(char *const *uris, size_t uris_len, const char *key_file, const char *vantage,
				struct diag_list *diags);

/* Leave out the targets that the list does not name; an empty list names all. Returns the first name in it that is no
 * target, or NULL. */
const char *config_select(struct config *config, const char *const *names, size_t names_len);

/* Does a target have a firewall mark? Its sockets need CAP_NET_ADMIN. */
bool config_has_mark(const struct config *config);
/* A target that this process may not probe as configured: its firewall mark needs CAP_NET_ADMIN. NULL: none. */
const struct config_target *config_forbidden(const struct config *config);

/* The name of the server with this index; NULL for -1 (no server). */
const char *config_server_name(const struct config *config, int server);

/* Print the configuration with its defaults as text, for `floatprobe config FILE`. */
void config_print(const struct config *config, FILE *out);

void config_free(struct config *config);

#endif
