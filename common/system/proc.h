/* Numbers that the kernel shows under /proc: settings and counters. */
#ifndef FLOATPROBE_PROC_H
#define FLOATPROBE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "net/ipv4/tcp_syncookies": the (first) number in it; fallback: it is not there, not readable, or no number. */
int64_t proc_sysctl(const char *path, int64_t fallback);
/* The same of a setting that is a range: "net/ipv4/ip_local_port_range". false: as above, or it is empty. */
bool proc_sysctl_range(const char *path, int64_t *low, int64_t *high);
/* The same of one interface: conf is "ipv4/conf" or "ipv6/conf"; name may be "all" and "default" too. */
int64_t proc_interface_sysctl(const char *conf, const char *interface, const char *key, int64_t fallback);

/* One of the counters in /proc/net/snmp and /proc/net/netstat ("Udp", "RcvbufErrors"), or, with a NULL group, in
 * /proc/net/snmp6 ("Udp6RcvbufErrors"). Fallback: this kernel has none. */
int64_t proc_counter(const char *group, const char *name, int64_t fallback);
/* The same in a file's text. */
int64_t proc_counter_in(const char *text, const char *group, const char *name, int64_t fallback);

#endif
