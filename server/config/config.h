/* The server's configuration. */
#ifndef FLOATPROBE_SERVER_CONFIG_H
#define FLOATPROBE_SERVER_CONFIG_H

#include "common/config/diag.h"
#include "common/config/log_settings.h"
#include "common/config/web_settings.h"
#include "common/core/endpoint.h"
#include "common/core/network.h"
#include "common/core/seal.h"
#include "common/core/stamp.h"

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
	struct endpoint address; /* where this server sends the queries for the peer */
};

struct server_config_application {
	char *name;
	bool udp, tcp;
	uint16_t port;
};

enum { SERVER_CONFIG_APPLICATIONS_MAX = 16 };

struct server_config {
	char *file;
	char *name;
	char *key_file;
	struct seal_identity identity;
	uint16_t port;
	bool udp, tcp;
	struct endpoint *addresses; /* listen.addresses; empty: one dual-stack socket on all addresses */
	size_t addresses_len;
	struct server_config_client *clients;
	size_t clients_len;
	struct server_config_peer *peers; /* servers for which this server is a witness */
	size_t peers_len;
	char *journal;
	char *user; /* NULL: the default; who the daemon becomes if root starts it */
	struct log_settings log;
	/* stamp: { networks, port } */
	struct network stamp_networks[STAMP_NETWORKS_MAX];
	size_t stamp_networks_len; /* 0: plain STAMP senders get no answer */
	uint16_t stamp_port;
	struct web_settings web;
	/* limits: { flows, tcp_slots, clock_skew } */
	unsigned flows_max;    /* default 65536 */
	unsigned tcp_slots;    /* default 256 */
	int64_t clock_skew_ns; /* default 60 s */
	/* watch: { half_open, neighbours, addresses, applications } */
	bool half_open;        /* default true: answer evidence about half-open sockets */
	bool watch_neighbours; /* default true: watch the neighbour table and the frames of clients */
	bool watch_addresses;  /* default true: watch for other machines that claim this host's addresses */
	struct server_config_application *applications;
	size_t applications_len;
	bool repair_neighbours; /* repair.stale_neighbours, default false */
};

/* before: the configuration in use, whose keys need no check; or NULL. Returns NULL after an error. */
struct server_config *server_config_load(const char *file, const struct server_config *before, struct diag_list *diags);
void server_config_print(const struct server_config *config, FILE *out);
/* How many may probe: a client whose key is changed has several keys under one name. */
size_t server_config_clients(const struct server_config *config);
void server_config_free(struct server_config *config);

#endif
