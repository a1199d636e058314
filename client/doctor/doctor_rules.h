/* The rules about what breaks floating IPs on a host, and their findings. */
#ifndef FLOATPROBE_DOCTOR_RULES_H
#define FLOATPROBE_DOCTOR_RULES_H

#include <stddef.h>

enum doctor_severity {
	DOCTOR_ERROR,   /* something does not work */
	DOCTOR_WARNING, /* something may fail, or will fail in a foreseeable case */
	DOCTOR_NOTE,    /* for information; nothing is wrong */
	DOCTOR_SEVERITIES,
};
const char *doctor_severity_word(enum doctor_severity severity);

/* The rules, in the order of their findings: function, id, and why it matters. */
#define DOCTOR_RULES(X)                                                                                                \
	X(not_read, "not-read",                                                                                        \
	  "A hardened unit (ProcSubset=pid, ProtectKernelTunables) or a container hides it: nothing "                  \
	  "is known of what was not read.")                                                                            \
	X(address_duplicate, "address-duplicate",                                                                      \
	  "Two interfaces have the same address and network: the kernel always sends by one of them, even if the "     \
	  "other side uses the other one.")                                                                            \
	X(address_dadfailed, "address-dadfailed",                                                                      \
	  "Another machine has this address, so the kernel does not use it here.")                                     \
	X(address_tentative, "address-tentative",                                                                      \
	  "The kernel does not answer on the address until it knows that no other machine has it; if this lasts, the " \
	  "interface has no link.")                                                                                    \
	X(address_deprecated, "address-deprecated",                                                                    \
	  "An answer leaves from a deprecated address only if the program pins its source address.")                   \
	X(listen_absent, "listen-absent", "A socket cannot be bound to an address that this host does not have.")      \
	X(nonlocal_bind, "nonlocal-bind",                                                                              \
	  "A program can then listen on an address that this host does not have: the program looks healthy although "  \
	  "a failover did not bring the address here.")                                                                \
	X(no_way_out, "no-way-out",                                                                                    \
	  "Clients outside the networks of this host get no answer, and doctor could not check the routes back from "  \
	  "its addresses.")                                                                                            \
	X(local_route, "local-route",                                                                                  \
	  "Probes to such an address are answered by this host itself or by a guest of it, or by "                     \
	  "nobody: they say nothing about the target.")                                                                \
	X(no_route, "no-route", "Probes to this address cannot leave this host.")                                      \
	X(no_way_back, "no-way-back",                                                                                  \
	  "Requests to this address arrive, but no answer can leave: the client loses every probe on the return.")     \
	X(rp_filter, "rp-filter",                                                                                      \
	  "With strict reverse-path filtering the kernel silently drops a packet that arrives on another interface "   \
	  "than the one by which the answer would leave.")                                                             \
	X(way_back, "way-back",                                                                                        \
	  "A network that checks source addresses drops such answers, and a stateful router on the way in does not "   \
	  "see them.")                                                                                                 \
	X(way_back_gateway, "way-back-gateway",                                                                        \
	  "Most providers accept this; a provider that checks source addresses expects answers by the anchor's own "   \
	  "gateway. If floatprobe shows return loss for the floating address only, check this first.")                 \
	X(unpinned_listener, "unpinned-listener",                                                                      \
	  "If the program does not pin the source address of its answers, they come from an address that the peer "    \
	  "did not ask, and a peer that asked a translated floating IP does not accept them.")                         \
	X(arp_flux, "arp-flux",                                                                                        \
	  "Each interface answers ARP for the addresses of both, so other hosts learn alternating MACs: this looks "   \
	  "like a duplicate address.")                                                                                 \
	X(vip_on_loopback, "vip-on-loopback",                                                                          \
	  "Other hosts on the link then learn this MAC for an address that another machine is to "                     \
	  "answer for: this looks like a duplicate address.")                                                          \
	X(vip_source, "vip-source",                                                                                    \
	  "When the address moves to another host, the answers to what this host sent move with it, "                  \
	  "and its connections break.")                                                                                \
	X(same_peer, "same-peer",                                                                                      \
	  "Two interfaces in one segment answer for each other, and frames may loop; a router that "                   \
	  "has one MAC in several VLANs is harmless.")                                                                 \
	X(neighbour_failed, "neighbour-failed",                                                                        \
	  "The next hop did not answer when it was last asked for its MAC; nothing leaves this host by it until it "   \
	  "answers.")                                                                                                  \
	X(neighbour_permanent, "neighbour-permanent",                                                                  \
	  "A permanent neighbour entry is never corrected: when that address moves to another machine, this host "     \
	  "continues to send to the old one.")                                                                         \
	X(neighbour_slow, "neighbour-slow",                                                                            \
	  "When an address moves without an announcement, this host sends to the old machine for that time.")          \
	X(neighbour_full, "neighbour-full",                                                                            \
	  "The kernel drops packets to hosts that find no room in the neighbour table.")                               \
	X(kernel_old, "kernel-old",                                                                                    \
	  "Before Linux 4.11 (29ba6e7400a3) unrelated traffic confirms a wrong neighbour entry, so it may never be "   \
	  "corrected.")                                                                                                \
	X(accept_dad, "accept-dad", "The kernel does not notice when another machine has the same IPv6 address.")      \
	X(conntrack_full, "conntrack-full",                                                                            \
	  "When the table is full the kernel drops new flows; known flows continue.")                                  \
	X(conntrack_udp_short, "conntrack-udp-short",                                                                  \
	  "A stateful firewall on this host drops the answer to a flow that it has forgotten.")                        \
	X(conntrack_udp_cold, "conntrack-udp-cold",                                                                    \
	  "Connection tracking takes each probe of a held flow for a new flow: if this host translates addresses, "    \
	  "the source port may change.")                                                                               \
	X(conntrack_udp_long, "conntrack-udp-long",                                                                    \
	  "When DNAT on this host moves a floating IP to another server, an idle flow continues to reach the old "     \
	  "server for that time.")                                                                                     \
	X(syncookies_always, "syncookies-always",                                                                      \
	  "With SYN cookies there are no half-open sockets, so floatprobe cannot distinguish a lost SYN from a lost "  \
	  "SYN-ACK.")                                                                                                  \
	X(synack_retries, "synack-retries",                                                                            \
	  "One lost SYN-ACK makes a connection to this host's programs fail; floatprobed sets a limit of its own.")    \
	X(accept_queue, "accept-queue", "The kernel drops new connections: to clients this looks like forward loss.")  \
	X(listen_overflows, "listen-overflows",                                                                        \
	  "The kernel dropped connections because the program did not accept them in time: to clients this looks "     \
	  "like loss.")                                                                                                \
	X(udp_overflows, "udp-overflows",                                                                              \
	  "The kernel dropped datagrams because the program did not read them in time: to clients this looks like "    \
	  "forward loss.")                                                                                             \
	X(rmem_max, "rmem-max",                                                                                        \
	  "floatprobed asks for a larger buffer and gets it only with CAP_NET_ADMIN; without it, a burst of probes "   \
	  "may be lost here.")                                                                                         \
	X(clock, "clock",                                                                                              \
	  "If the clocks of client and server differ by more than the server's limit (60 s by default), the verdict "  \
	  "is clock-skew.")

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
	char *command;   /* fixes the finding at once; NULL: no command does */
	char *permanent; /* how to make the fix permanent; NULL: no further step is needed */
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
