/* The server's configuration (DESIGN § 3). */
#ifndef FLOATPROBE_SERVER_CONFIG_H
#define FLOATPROBE_SERVER_CONFIG_H

#include "common/config/diag.h"
#include "common/core/endpoint.h"
#include "common/core/seal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server_config_client {
	char *name;
	uint8_t key[WIRE_KEY_LEN];
};

struct server_config_peer {
	char *name;
	uint8_t key[WIRE_KEY_LEN];
	struct endpoint address; /* where it is asked */
};

struct server_config {
	char *file;
	char *name;
	char *key_file;
	struct seal_identity identity;
	uint16_t port;
	bool udp, tcp;
	struct endpoint *addresses; /* listen: { addresses: [...] }; none: one dual-stack socket on all */
	size_t addresses_len;
	struct server_config_client *clients;
	size_t clients_len;
	struct server_config_peer *peers; /* for whom we are a witness */
	size_t peers_len;
	char *journal;
	/* limits: { flows, tcp_slots, clock_skew } */
	unsigned flows_max;    /* default 65536 */
	unsigned tcp_slots;    /* default 256 */
	int64_t clock_skew_ns; /* default 60 s */
	bool half_open;        /* watch.half_open, default true: answer evidence about half-open sockets */
};

struct server_config *server_config_load(const char *file, struct diag_list *diags);
void server_config_print(const struct server_config *config, FILE *out);
void server_config_free(struct server_config *config);

#endif
