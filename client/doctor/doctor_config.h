/* The values that doctor uses from the configuration of floatprobe or of floatprobed. */
#ifndef FLOATPROBE_DOCTOR_CONFIG_H
#define FLOATPROBE_DOCTOR_CONFIG_H

#include "common/config/diag.h"
#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct doctor_config {
	bool server;            /* this is a configuration of floatprobed */
	uint16_t port;          /* the port of floatprobed */
	struct endpoint *asked; /* addresses that clients probe; this host need not have them */
	size_t asked_len;
	struct endpoint *listens; /* listen addresses of floatprobed; empty: all */
	size_t listens_len;
	struct endpoint *targets; /* addresses that this host probes */
	size_t targets_len;
	uint16_t *applications; /* UDP ports that floatprobed watches */
	size_t applications_len;
	int64_t timeout_ns;    /* the longest probe timeout */
	int64_t held_every_ns; /* the longest probe interval of a held flow; 0: no held flow */
};

/* The values that apply without a configuration. */
extern const struct doctor_config doctor_config_none;

/* Read a configuration of floatprobe or floatprobed. For floatprobe all of it is checked; for floatprobed only the
 * values that doctor uses (floatprobed --check-config checks the rest). false: diags has errors. */
bool doctor_config_load(const char *file, struct doctor_config *config, struct diag_list *diags)
    __attribute__((warn_unused_result));
void doctor_config_free(struct doctor_config *config);

#endif
