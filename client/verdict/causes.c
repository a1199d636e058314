#include "client/verdict/causes.h"

static bool all_is_well(const struct verdict_evidence *e, enum verdict_state state)
{
	(void)e;
	return state == VERDICT_UP;
}

static bool otherwise(const struct verdict_evidence *e, enum verdict_state state)
{
	(void)e;
	(void)state;
	return true;
}

/* Order: who answered; independent proof (two holders, a wrong neighbour entry, a single failing flow); the probes' own
 * outcomes; what other paths suggest. */
const struct causes_rule causes_rules[] = {
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = condition_we_cannot_send,
	    .needs = "no probe could be sent: the kernel of this host refused, it has no source address that can be "
		     "answered, or the name does not resolve",
	    .forbids = "a recent probe that was sent",
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = condition_two_answer,
	    .needs = "authentic answers of two holders (a holder is an identity and one boot of it): at least 3 "
		     "changes of holder in 20 probes, where a former holder comes back, or at least 2 sequence numbers "
		     "that both holders answered",
	    .forbids = "one or two moves; a restart, which is a new boot of the same identity",
	    .tell = sentences_flips,
	},
	{
	    .cause = VERDICT_CAUSE_CLOCK_SKEW,
	    .holds = condition_our_clock_is_refused,
	    .needs = "the newest authentic answer says that this client's clock is outside the server's limit",
	    .forbids = "a newer answer without this complaint",
	},
	{
	    .cause = VERDICT_CAUSE_IMPOSTOR,
	    .holds = condition_somebody_else_answers,
	    .needs = "an answer from a configured server that is not allowed to answer here, or, for at least half of "
		     "the losses, an answer from an identity that is not in the configuration",
	    .forbids = "on a path that is down: a more frequent error",
	},
	{
	    .cause = VERDICT_CAUSE_STUCK_FLOW,
	    .holds = condition_this_flow_goes_elsewhere,
	    .needs = "the newest answers to a held flow all come from one server, and the newest answers to new source "
		     "ports all come from another one, at the same time and beyond chance",
	    .forbids = "a second change of holder in either of them; a TCP connection at that time that another server "
		       "answers",
	    .tell = sentences_elsewhere,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = condition_another_hears_others,
	    .needs = "one server has answered this client's new flows for at least 10 s, and in that time another "
		     "server that is allowed to answer received new flows of other clients on the same address, "
		     "untranslated: at two moments at least 10 s apart, each between two answers at most 5 s apart",
	    .forbids = "a change of holder since then; no new flow of other clients for a minute; an address that is "
		       "translated on the way",
	    .tell = sentences_second_holder,
	},
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = condition_we_send_in_part,
	    .needs = "the path is up, but the kernel of this host refused to send at least one in 10 probes of the "
		     "round (run: of a window of 64 probes, until less than one in 30)",
	    .forbids = "a loss",
	},
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = condition_we_drop_the_answers,
	    .needs = "for at least half of the losses, all over UDP, this host's own sockets dropped as many datagrams "
		     "because their receive buffers were full or their checksum was wrong, at a time when the answers "
		     "were due",
	    .forbids = "a drop for another reason; probes that are proven not to have arrived at the server",
	    .tell = sentences_own_drops,
	},
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = condition_we_stop_the_answers,
	    .needs = "the answers to at least half of the lost probes came to an interface of this host before their "
		     "deadline, and not to its socket; TCP: the SYN-ACKs",
	    .forbids = "an answer that the socket got, even a late one, or one from another source",
	    .tell = sentences_lost_here,
	},
	{
	    .cause = VERDICT_CAUSE_UNPINNED_REPLY,
	    .holds = condition_only_the_twin_is_lost,
	    .needs = "the path is up, and of the twins (unpinned replies) to answered probes one came from another "
		     "address, or the server got an ICMP error for one that it sent from another address, or at least "
		     "3 are missing; in the last two cases none came from the address probed",
	    .forbids = "a twin that came from the address probed, if the others are only missing",
	    .tell = sentences_twin,
	},
	{
	    .cause = VERDICT_CAUSE_NONE,
	    .holds = all_is_well,
	    .needs = "the path is up",
	},
	{
	    .cause = VERDICT_CAUSE_NOT_AUTHORISED,
	    .holds = condition_our_key_is_refused,
	    .needs = "the server said over TCP, to a valid signature, that it does not know this client's key: on this "
		     "path, or on another path or to a query while this path, a UDP path, got nothing at all, or "
		     "while this process did not run in time to hear of this path",
	    .forbids = "a receipt: a server that gives one knows this client",
	    .tell = sentences_key,
	},
	{
	    .cause = VERDICT_CAUSE_WRONG_SOURCE,
	    .holds = condition_answers_have_another_port,
	    .needs = "authentic answers from another port of the address probed; on a path that is down they are the "
		     "most frequent error, otherwise at least half of the losses",
	    .forbids = "a more frequent error",
	    .advice = "look for a translation (NAT) on the way that changes the source port of what the server sends",
	},
	{
	    .cause = VERDICT_CAUSE_WRONG_SOURCE,
	    .holds = condition_answers_come_from_elsewhere,
	    .needs = "authentic answers from another address than the one probed; on a path that is down they are the "
		     "most frequent error, otherwise at least half of the losses",
	    .forbids = "a more frequent error",
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = condition_another_has_our_address,
	    .needs =
		"at least half of the losses are proven return losses, and the server that has their receipts sends "
		"its answers to a MAC that answers for this client's address on the server's link, but is not the MAC "
		"of this client's frames",
	    .forbids = "a machine that does not answer when the server asks the link; losses of probes that left after "
		       "the entry became this client's; a gateway between client and server",
	    .advice =
		"let this client send from an address that it alone has (`source`), or take this address from one "
		"of the two machines; the server's neighbour entry is not wrong",
	    .tell = sentences_shared_address,
	},
	{
	    .cause = VERDICT_CAUSE_STALE_NEIGHBOUR,
	    .holds = condition_answers_go_to_another_machine,
	    .needs =
		"at least half of the losses are proven return losses, and the server that has their receipts proves "
		"that its neighbour entry for this client, on its own link, or for its gateway to this client, has "
		"another MAC than this client's frames; of a gateway: that MAC does not answer for the gateway's "
		"address, and the MAC of the frames does",
	    .forbids = "losses of probes that left after the entry became correct again; a machine with the MAC of "
		       "the entry that answers for the address, where the server can ask",
	    .tell = sentences_neighbour,
	},
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = condition_our_kernel_drops_the_answers,
	    .needs = "the path is down, there are proven return losses, and meanwhile this host's kernel dropped at "
		     "least half as many packets as there are probes of all paths without an answer: IPv4 packets by "
		     "a strict rp_filter, or, on a TCP path, at least 3 segments for their checksum",
	    .forbids = "any error; a proven forward loss; a view of this host's interface (CAP_NET_RAW), which shows "
		       "the answers themselves; a server that says that it could not send its answers; a wrong "
		       "neighbour entry",
	    .tell = sentences_own_kernel,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = condition_connections_break_between_two,
	    .needs = "at least half of the losses are connections that were made and then reset, and two holders "
		     "answer alternately on this path or on another path to the address",
	    .tell = sentences_broken_between,
	},
	{
	    .cause = VERDICT_CAUSE_FAILOVER,
	    .holds = condition_the_address_moved,
	    .needs = "at least half of the losses lie between the last answer of one server that is allowed to answer "
		     "and the first answer of another one",
	    .forbids = "changes back and forth (duplicate-address); a restart of the same server",
	    .tell = sentences_failover,
	},
	{
	    .cause = VERDICT_CAUSE_FIRST_PACKET_ONLY,
	    .holds = condition_only_the_first_passes,
	    .needs =
		"in a held flow every first packet (of the flow, or after a pause of 10 s) was answered, and at least "
		"5 other packets were all lost, beyond chance compared with new flows that pass at the same time",
	    .forbids = "an answer to any other packet of the flow",
	    .tell = sentences_first_packet,
	},
	{
	    .cause = VERDICT_CAUSE_LOCAL,
	    .holds = condition_our_table_is_full,
	    .needs = "the connection tracking table of this host is full and dropped packets since the loss began, and "
		     "none of the last 17 new source ports (check: 10) got through, while held flows pass; TCP: the "
		     "path is down, and as many packets were dropped as half of the losses",
	    .forbids = "a new source port of UDP that gets through; TCP: any error, or a receipt",
	    .tell = sentences_new_flows,
	},
	{
	    .cause = VERDICT_CAUSE_SOME_PORTS,
	    .holds = condition_part_of_the_ports_fail,
	    .needs = "at least 2 held flows lose everything and at least 2 lose nothing, or new source ports fail in "
		     "part while a held flow loses nothing, or at least a quarter of them fails and some pass while "
		     "all held flows lose everything; each is beyond chance",
	    .forbids = "other held flows that lose more than a quarter; new ports that all fail; a connection tracking "
		       "table, of the server or of this host, that is full",
	    .tell = sentences_ports,
	},
	{
	    .cause = VERDICT_CAUSE_SOME_PORTS,
	    .holds = condition_one_of_many_fails,
	    .needs = "the target has `holders: many`, one of its servers is silent as for server-down, and a held flow "
		     "loses everything while new source ports pass in part, and this server answered the flow last, or "
		     "the flow lost all probes of a check, at least 10, or so many that it is beyond chance; or new "
		     "source ports (over TCP, too) fail in part while each held flow loses everything or nothing, "
		     "beyond chance, and as long as they fail after that",
	    .forbids =
		"an error other than unreachable; silence of all its servers; receipts of most of the lost probes",
	},
	{
	    .cause = VERDICT_CAUSE_STUCK_FLOW,
	    .holds = condition_only_this_flow_fails,
	    .needs = "the newest probes of a held flow are lost, at least 5 in a row (including a recheck) and at "
		     "least half of its losses, beyond chance compared with new flows of the same address and size "
		     "that pass at the same time",
	    .forbids = "losses of the new flows that are as recent; other held flows that fail or begin to fail while "
		       "others do not; new ports that fail in part while a held flow does not; so many losses before "
		       "that these may be chance",
	    .tell = sentences_stuck,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = condition_two_refuse,
	    .needs =
		"the probes are refused, and the server that should hold the address sees another machine claim it",
	    .forbids =
		"a claim more than 2 s before the outage, or at another time than most of the losses; a claimant that "
		"does not answer when the server asks the link; an address that the server no longer has",
	    .tell = sentences_refused_by_other,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = condition_another_machine_refuses,
	    .needs = "the probed address itself refuses the probes (on a TCP path: over UDP too), a server that has "
		     "the address and listens there did not receive most of them, and this client's frames for the "
		     "address go to a MAC that the server does not have, while its frames for another address of the "
		     "server go to a MAC that the server has",
	    .forbids = "an error from another address; an address that the server itself does not have (NAT); a frame "
		       "of this client that reached the server",
	    .tell = sentences_other_mac,
	},
	{
	    .cause = VERDICT_CAUSE_PROHIBITED,
	    .holds = condition_a_firewall_says_no,
	    .needs = "ICMP administratively prohibited; on a path that is down it is the most frequent error, "
		     "otherwise at least half of the losses",
	    .forbids = "a more frequent error",
	},
	{
	    .cause = VERDICT_CAUSE_REFUSED,
	    .holds = condition_the_port_is_closed,
	    .needs = "ICMP port unreachable, or a reset in answer to the SYN; on a path that is down it is the most "
		     "frequent error, otherwise at least half of the losses",
	    .forbids = "a more frequent error",
	    .tell = sentences_refused,
	},
	{
	    .cause = VERDICT_CAUSE_SIZE_LIMIT,
	    .holds = condition_it_is_too_long_for_us,
	    .needs = "this host itself refuses the size, and the MTU of its interface is as small",
	    .forbids = "a probe of this size that was sent",
	    .advice = "raise the MTU of this host's interface, or probe with smaller sizes",
	},
	{
	    .cause = VERDICT_CAUSE_SIZE_LIMIT,
	    .holds = condition_large_requests_are_lost,
	    .needs =
		"at least 2 TCP requests in a row that fill a segment are lost after the handshake, and none of at "
		"least 5 shorter ones at the same time; they are at least half of the losses",
	    .forbids = "an answer to a newer request that fills a segment; a SYN that is lost",
	    .tell = sentences_segments,
	},
	{
	    .cause = VERDICT_CAUSE_SIZE_LIMIT,
	    .holds = condition_it_is_too_long,
	    .needs = "ICMP fragmentation needed, or this host itself refuses the size, or no datagram of this size "
		     "passes, beyond chance compared with a smaller size that passes at the same address and time",
	    .forbids =
		"an answer to a probe of this size, or another error for one; so many losses before that these may "
		"be chance",
	    .tell = sentences_size,
	},
	{
	    .cause = VERDICT_CAUSE_SERVER_DOWN,
	    .holds = condition_the_whole_server_is_silent,
	    .needs = "the path is down, no configured address of the server answers over UDP or TCP, and no other "
		     "server that is asked, and is alive itself, reaches it in three rounds of questions in a row "
		     "(check: two); this host can send to two such addresses, and its kernel does not drop half as "
		     "many packets as there are probes without an answer, or at least one other server was asked",
	    .forbids =
		"any sign of life: an answer, a refusal, a receipt, a statement of the server that a probe did not "
		"arrive, an answer of one of its addresses to this host's ARP or ND questions; silence of all other "
		"servers too, where several are probed",
	    .tell = sentences_server_down,
	},
	{
	    .cause = VERDICT_CAUSE_HOLDER_DOWN,
	    .holds = condition_its_holder_is_down,
	    .needs = "the path is down, several servers may answer, the one that answered last is silent as for "
		     "server-down, and another one says in this outage what it knows of the address; if no answer has "
		     "come yet: exactly one is silent, and all others say that they do not have the address and have "
		     "never heard this client there",
	    .forbids = "an answer, a receipt, a refusal; a word of that server in this outage; a machine that answers "
		       "for the address on the link of another one, or did so of late; frames of this client for the "
		       "address that come to another one, which does not have it; silence of all that may answer "
		       "(server-down)",
	    .tell = sentences_holder_down,
	},
	{
	    .cause = VERDICT_CAUSE_NOT_ASSIGNED,
	    .holds = condition_nobody_holds_it,
	    .needs = "the path is down, and every server that may answer says in this outage that it does not have the "
		     "address, and at some moment since the second loss none of them had it; it is the address at "
		     "which the probes have to arrive: arrives_on of the target; or the probed address, if probes of "
		     "this client have arrived on it, or it belongs on the link of a server that asked there and was "
		     "not answered, or frames for it come to a server that forwards nothing; or, if only one server "
		     "may answer, the address on which they last arrived",
	    .forbids = "an answer, a receipt, a refusal; an address that may be translated on the way; without "
		       "arrives_on and without a history, a machine that answers for the address on a link",
	    .tell = sentences_not_assigned,
	},
	{
	    .cause = VERDICT_CAUSE_MISDELIVERED,
	    .holds = condition_it_goes_to_the_wrong_server,
	    .needs = "the path is down, frames of this client for the address come to a server that did not have it "
		     "when they came, as it says, and the address is not translated: another server has it, or probes "
		     "have arrived on it before, or it is arrives_on, or the server forwards nothing",
	    .forbids = "an answer, a receipt, a refusal; a server that routes packets for the address to another "
		       "interface; a server that does not see frames",
	    .tell = sentences_misdelivered,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = condition_the_kernel_found_a_duplicate,
	    .needs = "the path is down, and a server that may answer has the address, but its kernel does not use it, "
		     "as duplicate address detection found another machine that has it",
	    .forbids = "an answer, a receipt, a refusal; another server that may answer and has the address",
	    .tell = sentences_dad_failed,
	},
	{
	    .cause = VERDICT_CAUSE_UNREACHABLE,
	    .holds = condition_nobody_answers_on_the_link,
	    .needs =
		"nobody answers this host's ARP or ND questions for the next hop (the address itself, or a gateway), "
		"so that the probes do not leave; on a path that is down it is the most frequent error, otherwise "
		"at least half of the losses",
	    .forbids = "a more frequent error; silence of the whole server (server-down)",
	    .advice = "check that a machine on this link has this address and is up, and that this host's route and "
		      "netmask are right",
	},
	{
	    .cause = VERDICT_CAUSE_UNREACHABLE,
	    .holds = condition_packets_go_in_a_circle,
	    .needs =
		"ICMP time exceeded in transit; on a path that is down it is the most frequent error, otherwise at "
		"least half of the losses",
	    .forbids = "a more frequent error; silence of the whole server (server-down)",
	    .advice = "look at the routes for this address on the router that sent the error and on its next hop: they "
		      "probably point at each other",
	},
	{
	    .cause = VERDICT_CAUSE_UNREACHABLE,
	    .holds = condition_no_route_to_the_host,
	    .needs =
		"ICMP host or network unreachable; on a path that is down it is the most frequent error, otherwise "
		"at least half of the losses; on a path that is down, gets no error and has proven forward losses, an "
		"error of the other protocol counts, if that is down, too",
	    .forbids = "a more frequent error; silence of the whole server (server-down); for an error of the other "
		       "protocol: a TCP handshake that passes",
	},
	{
	    .cause = VERDICT_CAUSE_BAD_CHECKSUM,
	    .holds = condition_the_checksum_is_bad,
	    .needs = "at least half of the losses are proven forward losses; between two answers of the server its "
		     "kernel dropped datagrams at the server's own socket for their checksum, at least half as many as "
		     "this path lost in that time, or before any socket as many as it lost, at least 3; TCP: the path "
		     "is down, and the kernel dropped as many segments for their checksum as connections were lost in "
		     "that time, at least 3; where it dropped as many as connections were lost at all, less than half "
		     "of the losses need a direction",
	    .forbids = "any error; drops for a full receive buffer that can account for those at the socket",
	},
	{
	    .cause = VERDICT_CAUSE_SERVER_FIREWALL,
	    .holds = condition_its_own_firewall_stops_it,
	    .needs = "at least half of the losses are proven forward losses, and the server's link saw at least half "
		     "of these probes (TCP: their SYNs), which its socket did not get, or a filter at the socket "
		     "dropped as many",
	    .forbids = "any error; drops for a full buffer, a checksum or a full accept queue, which explain the loss; "
		       "frames for an address that the server does not have",
	    .tell = sentences_firewall,
	},
	{
	    .cause = VERDICT_CAUSE_DATA_FILTERED,
	    .holds = condition_data_is_lost_after_handshakes,
	    .needs =
		"the TCP path is down, at least half of its losses, and 5, completed the handshake, and then the "
		"request was not acknowledged, or did not leave as the peer takes no data, or a server has receipts "
		"of the requests, or at least 8 connections were reset and the servers say whether they had received "
		"the requests",
	    .forbids = "an answer over TCP, even a late one; a change of the holder; drops at a full accept queue; "
		       "requests that a kernel acknowledged, and that no server has received; connections that were "
		       "closed and not reset",
	},
	{
	    .cause = VERDICT_CAUSE_UNEXPLAINED,
	    .holds = condition_its_table_is_full,
	    .needs = "there are proven forward losses, and the connection tracking table of the server that has the "
		     "address is full, and dropped at least half as many packets as this path lost between two "
		     "answers of the server",
	    .forbids = "any error; a receipt of a lost probe; a server that can have the address, and is not known to "
		       "have it",
	    .tell = sentences_new_flows,
	},
	{
	    .cause = VERDICT_CAUSE_UNEXPLAINED,
	    .holds = condition_no_new_flow_passes,
	    .needs = "none of the last 17 new source ports (check: 10) got through, and none of UDP, beyond chance "
		     "compared with held flows that pass at the same time",
	    .forbids = "a new source port of UDP that gets through; an error for most of the losses",
	    .advice =
		"look for a table that is full: connection tracking on the server or on the way (`dmesg`, `conntrack "
		"-S`), or a NAT without free ports; a firewall that accepts only established flows, or one that drops "
		"the first packet of each flow, does the same",
	    .tell = sentences_new_flows,
	},
	{
	    .cause = VERDICT_CAUSE_UNEXPLAINED,
	    .holds = condition_only_after_a_pause,
	    .needs = "the path is down, its probes are at least a second apart, and extra probes of it at short "
		     "intervals are answered meanwhile (by chance: 1 in 100)",
	    .forbids = "any error; a loss of the newest extra probe",
	    .advice =
		"look for what forgets this client during a pause: a NAT, a firewall or a mobile network whose timeout "
		"is shorter than the interval of these probes",
	    .tell = sentences_pause,
	},
	{
	    .cause = VERDICT_CAUSE_PROTOCOL_FILTERED,
	    .holds = condition_only_this_protocol_fails,
	    .needs = "every flow of this protocol to the address is down, with at least 5 losses in a row (including a "
		     "recheck), beyond chance compared with the other protocol that passes at the same time",
	    .forbids = "an answer over this protocol, even a late one, or to the newest extra probe of a recheck; "
		       "losses of the other protocol that are as recent; so many losses before that these may be "
		       "chance; handshakes that most of the lost connections completed; a full accept queue at the "
		       "server, which accounts for most of them; drops at the server's UDP socket for a full buffer, a "
		       "checksum or a reason that it cannot read, at least half as many as proven forward losses; "
		       "answers, or datagrams at the server, that do not authenticate",
	    .tell = sentences_protocol,
	},
	{
	    .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS,
	    .holds = condition_two_claim,
	    .needs = "at least 3 losses that nothing else explains, and the server that should hold the address sees "
		     "another machine claim it",
	    .forbids =
		"a claim more than 2 s before the outage, or at another time than most of the losses; a claimant that "
		"does not answer when the server asks the link; an address that the server no longer has",
	},
	{
	    .cause = VERDICT_CAUSE_CLOCK_SKEW,
	    .holds = condition_our_clock_was_refused,
	    .needs = "the path is down, and the newest answer says that this client's clock is outside the server's "
		     "limit, or an answer on another path says so while this path got nothing at all",
	    .forbids =
		"any error, or a receipt; for an answer on another path: each probe there is answered so, and here "
		"it would be, too",
	    .tell = sentences_other_clock,
	},
	{
	    .cause = VERDICT_CAUSE_UNEXPLAINED,
	    .holds = condition_answers_do_not_get_away,
	    .needs = "at least half of the losses are proven return losses, and the server that has their receipts "
		     "says that it could not send answers to this client, that it has no route to it, that nobody "
		     "answers for the next hop, or that a router reported an error for its answers",
	    .forbids = "only errors from before the outage",
	    .advice =
		"mend how the server sends to this client: on the server look at `ip route get` with the client's "
		"address, `ip neigh`, and the output chain of its firewall",
	},
	{
	    .cause = VERDICT_CAUSE_UNEXPLAINED,
	    .holds = otherwise,
	    .needs = "loss, or too little to judge by",
	    .forbids = "any other rule that holds",
	},
};
const size_t causes_rules_len = sizeof causes_rules / sizeof *causes_rules;

static bool names_a_cause(enum verdict_cause cause)
{
	return cause != VERDICT_CAUSE_NONE && cause != VERDICT_CAUSE_UNEXPLAINED;
}

const struct causes_rule *causes_find(const struct verdict_evidence *e, enum verdict_state state,
				      const struct causes_rule **also)
{
	const struct causes_rule *rule = causes_rules, *end = causes_rules + causes_rules_len, *other;

	while (!rule->holds(e, state))
		rule++;
	other = names_a_cause(rule->cause) ? rule + 1 : end;
	while (other < end && (!names_a_cause(other->cause) || other->cause == rule->cause || !other->holds(e, state)))
		other++;
	*also = other < end ? other : NULL;
	return rule;
}
