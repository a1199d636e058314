/* What the doctor takes from a configuration, the client's or the server's: it sharpens what it looks for. */
#ifndef FLOATPROBE_DOCTOR_CONFIG_H
#define FLOATPROBE_DOCTOR_CONFIG_H

#include "common/config/diag.h"
#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct doctor_config {
	bool server;            /* floatprobed's */
	uint16_t port;          /* floatprobed's own */
	struct endpoint *asked; /* addresses that are asked on whichever host has them; some are not on this one */
	size_t asked_len;
	struct endpoint *listens; /* where floatprobed is told to listen; none: everywhere */
	size_t listens_len;
	struct endpoint *targets; /* whom this host talks to */
	size_t targets_len;
	uint16_t *applications; /* UDP ports that are to be watched */
	size_t applications_len;
	int64_t timeout_ns;    /* the longest that an answer is waited for */
	int64_t held_every_ns; /* the longest pause of a flow that keeps its source port; 0: there is none */
};

/* What is assumed where there is no configuration. */
extern const struct doctor_config doctor_config_none;

/* Read either kind of file. A client's is checked as `floatprobe config` does; of a server's only what is used here is
 * (floatprobed --check-config checks all of it). false: there are errors in diags. */
bool doctor_config_load(const char *file, struct doctor_config *config, struct diag_list *diags)
    __attribute__((warn_unused_result));
void doctor_config_free(struct doctor_config *config);

#endif
