/* Kernel settings and counters under /proc, see proc(5). */
#ifndef FLOATPROBE_PROC_H
#define FLOATPROBE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read a file of /proc. Returns the number of octets, 0 on an error. text ends in NUL. */
size_t proc_read(const char *path, char *text, size_t text_len);

/* The first number in a file under /proc/sys, as "net/ipv4/tcp_syncookies". Returns fallback if the file cannot be read
 * or has no number. */
int64_t proc_sysctl(const char *path, int64_t fallback);
/* The two numbers in a file under /proc/sys, as "net/ipv4/ip_local_port_range". Returns false if the file cannot be
 * read or the range is not valid. */
bool proc_sysctl_range(const char *path, int64_t *low, int64_t *high);
/* As proc_sysctl, for one interface. conf is "ipv4/conf" or "ipv6/conf"; interface may be "all" or "default". */
int64_t proc_interface_sysctl(const char *conf, const char *interface, const char *key, int64_t fallback);

/* A counter of /proc/self/net/snmp or netstat, which a /proc without /proc/net has too (ProcSubset=pid), as "Udp",
 * "RcvbufErrors"; with group NULL a counter of /proc/self/net/snmp6, as "Udp6RcvbufErrors". Returns fallback if this
 * kernel does not have it. */
int64_t proc_counter(const char *group, const char *name, int64_t fallback);
/* The same, in the text of such a file. For a group, text begins with a line feed. */
int64_t proc_counter_in(const char *text, const char *group, const char *name, int64_t fallback);

#endif
