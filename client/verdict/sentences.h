/* Writes the evidence as sentences for people. Pure. */
#ifndef FLOATPROBE_SENTENCES_H
#define FLOATPROBE_SENTENCES_H

#include "client/verdict/verdict_evidence.h"

/* Adds the sentences with the evidence for one cause; used by its rule (causes.h). */
typedef void sentences_of_cause(const struct verdict_evidence *evidence, struct verdict *verdict);
sentences_of_cause sentences_own_drops, sentences_own_kernel, sentences_new_flows, sentences_pause,
    sentences_shared_address, sentences_other_clock, sentences_flips, sentences_second_holder, sentences_elsewhere,
    sentences_twin, sentences_key, sentences_neighbour, sentences_failover, sentences_first_packet, sentences_stuck,
    sentences_refused_by_other, sentences_broken_between, sentences_other_mac, sentences_refused, sentences_ports,
    sentences_size, sentences_segments, sentences_server_down, sentences_holder_down, sentences_not_assigned,
    sentences_misdelivered, sentences_dad_failed, sentences_firewall, sentences_protocol;
sentences_of_cause sentences_lost_here;

/* Add all sentences of the verdict. tell: the rule's own sentences; NULL: none. */
void sentences_tell(const struct verdict_evidence *e, sentences_of_cause *tell, struct verdict *v);
/* Add the sentence about another cause that the evidence supports. */
void sentences_also(struct verdict *verdict, enum verdict_cause also);

#endif
