/* The conditions under which the rules of causes.c hold, each a function of the evidence and the state of the path.
 * What a condition needs and what excludes it, its rule says. Pure. */
#ifndef FLOATPROBE_CONDITION_H
#define FLOATPROBE_CONDITION_H

#include "client/verdict/verdict_evidence.h"

#include <stdbool.h>

typedef bool condition(const struct verdict_evidence *evidence, enum verdict_state state);

/* condition_own.c: this host: what it sends and drops, its key and its clock */
condition condition_we_cannot_send, condition_we_send_in_part, condition_we_drop_the_answers,
    condition_we_stop_the_answers, condition_our_kernel_drops_the_answers, condition_our_key_is_refused,
    condition_our_clock_is_refused, condition_our_clock_was_refused;

/* condition_error.c: the errors that the probes got */
condition condition_answers_come_from_elsewhere, condition_answers_have_another_port, condition_a_firewall_says_no,
    condition_the_port_is_closed, condition_nobody_answers_on_the_link, condition_packets_go_in_a_circle,
    condition_no_route_to_the_host;

/* condition_holder.c: who has the address, and whether that server lives */
condition condition_two_answer, condition_connections_break_between_two, condition_another_hears_others,
    condition_somebody_else_answers, condition_two_refuse, condition_another_machine_refuses, condition_two_claim,
    condition_the_address_moved, condition_nobody_holds_it, condition_it_goes_to_the_wrong_server,
    condition_its_holder_is_down, condition_the_kernel_found_a_duplicate, condition_the_whole_server_is_silent;

/* condition_return.c: the return path */
condition condition_only_the_twin_is_lost, condition_answers_go_to_another_machine, condition_another_has_our_address,
    condition_answers_do_not_get_away;

/* condition_flow.c: flows and ports: which of them pass while others do not */
condition condition_only_this_flow_fails, condition_only_the_first_passes, condition_this_flow_goes_elsewhere,
    condition_no_new_flow_passes, condition_our_table_is_full, condition_its_table_is_full, condition_one_of_many_fails,
    condition_part_of_the_ports_fail, condition_only_after_a_pause;

/* condition_filter.c: what is dropped by its kind: size, checksum, protocol, data */
condition condition_large_requests_are_lost, condition_it_is_too_long_for_us, condition_it_is_too_long,
    condition_the_checksum_is_bad, condition_its_own_firewall_stops_it, condition_data_is_lost_after_handshakes,
    condition_only_this_protocol_fails;

#endif
