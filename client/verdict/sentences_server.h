/* The sentences about what servers report, whatever the cause. Pure, but formats text. */
#ifndef FLOATPROBE_SENTENCES_SERVER_H
#define FLOATPROBE_SENTENCES_SERVER_H

#include "client/verdict/verdict_evidence.h"

/* What explains losses on many paths: drops, claims, MACs, full tables. */
void sentences_server(const struct verdict_evidence *e, struct verdict *v);
/* How the servers' answers leave, and why they do not. Needs hints.return_route.route. */
void sentences_return_route(const struct verdict_evidence *e, struct verdict *v);
/* Who has the address on which the probes have to arrive, where nothing arrives; and what the servers' links say of an
 * address that none of them has. */
void sentences_holders(const struct verdict_evidence *e, struct verdict *v);
void sentences_link(const struct verdict_evidence *e, struct verdict *v);
/* `holders: many`: the share of each server, and those that are dead. */
void sentences_shares(const struct verdict_evidence *e, struct verdict *v);

#endif
