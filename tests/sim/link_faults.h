/* Faults of a server's link and of the server's own kernel: what they do, and what is to be said of each path. */
#ifndef FLOATPROBE_SIM_LINK_FAULTS_H
#define FLOATPROBE_SIM_LINK_FAULTS_H

#include "tests/sim/story.h"

typedef void faults_strike(struct story *story);
typedef bool faults_expects(const struct story *story, const struct path *path, struct expectation *expected);

/* The entry of the first vantage leads to a dead machine. */
faults_strike link_faults_spoil, link_faults_spoil_healing, link_faults_spoil_until_arp, link_faults_spoil_repaired,
    link_faults_spoil_and_lose;
faults_expects link_faults_stale, link_faults_healed, link_faults_repaired, link_faults_stale_and_lossy;

/* It is right, or another one is to blame. */
faults_strike link_faults_cut_return, link_faults_lose_return, link_faults_two_interfaces, link_faults_virtual_router;
faults_expects link_faults_cut_is_return, link_faults_as_lost;

/* The server's own firewall; its sockets are full. */
faults_strike link_faults_firewall, link_faults_fill_sockets;
faults_expects link_faults_firewalled, link_faults_sockets_full;

/* A stranger without floatprobed has a server's address, too. */
faults_strike link_faults_squat;
faults_expects link_faults_squatted;

/* It had it for a moment only, as when an address moves. What is cut later has another cause. */
faults_strike link_faults_claim_and_cut;
faults_expects link_faults_cut_is_forward;

#endif
