/* What breaks floating IPs on a host: the table of rules, and what they find. */
#ifndef FLOATPROBE_DOCTOR_RULES_H
#define FLOATPROBE_DOCTOR_RULES_H

#include <stddef.h>

enum doctor_severity {
	DOCTOR_ERROR,   /* something does not work */
	DOCTOR_WARNING, /* something may not work, or will not in a case that is to be expected */
	DOCTOR_NOTE,    /* worth knowing, nothing wrong */
	DOCTOR_SEVERITIES,
};
const char *doctor_severity_word(enum doctor_severity severity);

/* The rules, in the order in which their findings are told: function, id, and why it matters. */
#define DOCTOR_RULES(X)                                                                                                \
	X(address_duplicate, "address-duplicate",                                                                      \
	  "Two interfaces with one address and one network each: the kernel sends by one of them, whichever the "      \
	  "other "                                                                                                     \
	  "side uses.")                                                                                                \
	X(address_dadfailed, "address-dadfailed",                                                                      \
	  "Another machine has this address; the kernel does not use it here.")                                        \
	X(address_tentative, "address-tentative",                                                                      \
	  "Until the kernel has made sure that nobody else has the address, it does not answer there; if this lasts, " \
	  "the interface has no link.")                                                                                \
	X(address_deprecated, "address-deprecated", "An answer leaves from it only if the program pins its source.")   \
	X(listen_absent, "listen-absent", "A socket cannot be bound to an address that is not here (yet).")            \
	X(nonlocal_bind, "nonlocal-bind",                                                                              \
	  "A program may then listen on an address that this host does not have: it looks well, though the failover "  \
	  "that should have brought the address did not happen.")                                                      \
	X(no_way_out, "no-way-out",                                                                                    \
	  "Nobody beyond its own networks gets an answer from this host, and whether its addresses have a way back "   \
	  "could not be judged.")                                                                                      \
	X(no_route, "no-route", "Probes to it cannot leave this host.")                                                \
	X(no_way_back, "no-way-back",                                                                                  \
	  "Requests to this address arrive, but no answer can leave: to the client it is return loss of everything.")  \
	X(rp_filter, "rp-filter",                                                                                      \
	  "With strict reverse-path filtering the kernel drops, without a word, what arrives on another interface "    \
	  "than "                                                                                                      \
	  "the answer would leave by.")                                                                                \
	X(way_back, "way-back",                                                                                        \
	  "A network that checks source addresses drops such answers, and a router that keeps state never sees them.") \
	X(way_back_gateway, "way-back-gateway",                                                                        \
	  "Most providers carry that; one that checks source addresses wants answers by the anchor's own gateway. "    \
	  "Where floatprobe shows return loss for the floating address only, this is why.")                            \
	X(unpinned_listener, "unpinned-listener",                                                                      \
	  "Unless the program pins the source of its answers itself, they come from an address that the peer did not " \
	  "ask, and no peer behind a floating IP's translation ever accepts them.")                                    \
	X(arp_flux, "arp-flux",                                                                                        \
	  "Either interface answers ARP for the addresses of both, so neighbours learn now the one MAC, now the "      \
	  "other: "                                                                                                    \
	  "it looks like a duplicate address.")                                                                        \
	X(neighbour_failed, "neighbour-failed",                                                                        \
	  "It did not answer when it was last asked for its MAC; nothing leaves this host that way until it does.")    \
	X(neighbour_permanent, "neighbour-permanent",                                                                  \
	  "A permanent neighbour entry never heals: when that address moves to another machine, answers go to the "    \
	  "old "                                                                                                       \
	  "one for ever.")                                                                                             \
	X(neighbour_slow, "neighbour-slow",                                                                            \
	  "When an address moves without being announced, this host goes on sending to the old machine for so long.")  \
	X(neighbour_full, "neighbour-full", "Packets to neighbours for which there is no room are dropped.")           \
	X(kernel_old, "kernel-old",                                                                                    \
	  "Before Linux 4.11 (29ba6e7400a3) unrelated traffic confirms a wrong neighbour entry, so that it may never " \
	  "heal.")                                                                                                     \
	X(accept_dad, "accept-dad", "Nobody will notice if two machines have the same IPv6 address.")                  \
	X(conntrack_full, "conntrack-full", "New flows are dropped when the table is full; those known go on.")        \
	X(conntrack_udp_short, "conntrack-udp-short",                                                                  \
	  "A stateful firewall here drops the answer to a flow that it has forgotten.")                                \
	X(conntrack_udp_cold, "conntrack-udp-cold",                                                                    \
	  "Each probe of a held flow is a new flow to connection tracking: where this host translates, its source "    \
	  "port "                                                                                                      \
	  "may change.")                                                                                               \
	X(conntrack_udp_long, "conntrack-udp-long",                                                                    \
	  "After a floating IP was pointed elsewhere by DNAT here, a silent flow sticks to the old host for so long.") \
	X(syncookies_always, "syncookies-always",                                                                      \
	  "Without half-open sockets a lost SYN cannot be told from a lost SYN-ACK.")                                  \
	X(synack_retries, "synack-retries",                                                                            \
	  "One lost SYN-ACK makes a connection fail, and the half-open socket that would prove it is gone in "         \
	  "seconds.")                                                                                                  \
	X(accept_queue, "accept-queue",                                                                                \
	  "New connections are dropped: from outside it looks like loss on the way here.")                             \
	X(listen_overflows, "listen-overflows",                                                                        \
	  "Connections were dropped as the program did not accept them in time: from outside it looks like loss.")     \
	X(udp_overflows, "udp-overflows",                                                                              \
	  "Datagrams that arrived were dropped as the program did not read them in time: from outside it looks like "  \
	  "loss on the way here.")                                                                                     \
	X(rmem_max, "rmem-max",                                                                                        \
	  "floatprobed asks for more, which it gets only with CAP_NET_ADMIN; a burst may be lost here.")               \
	X(clock, "clock", "Clocks that are more than the server's limit apart (60 s by default) end in clock-skew.")

enum doctor_rule_id {
#define DOCTOR_ID(name, ...) DOCTOR_RULE_##name,
	DOCTOR_RULES(DOCTOR_ID)
#undef DOCTOR_ID
	    DOCTOR_RULES_LEN,
};

struct doctor_finding {
	enum doctor_rule_id rule;
	enum doctor_severity severity;
	char *seen;
	char *command;   /* mends it at once; NULL: no command does */
	char *permanent; /* how to have it mended for good; NULL: the command does, or nothing else has to be done */
};
const char *doctor_finding_id(const struct doctor_finding *finding);
const char *doctor_finding_why(const struct doctor_finding *finding);

struct doctor_findings {
	struct doctor_finding *items;
	size_t len;
	size_t count[DOCTOR_SEVERITIES];
};

void doctor_findings_free(struct doctor_findings *findings);

#endif
