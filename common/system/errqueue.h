/* A socket's error queue: ICMP errors, local errors and send timestamps. See IP_RECVERR in ip(7), and
 * Documentation/networking/timestamping.rst in the kernel's source. */
#ifndef FLOATPROBE_ERRQUEUE_H
#define FLOATPROBE_ERRQUEUE_H

#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum errqueue_kind {
	ERRQUEUE_TIMESTAMP, /* a datagram was sent */
	ERRQUEUE_ICMP,      /* an ICMP or ICMPv6 error */
	ERRQUEUE_LOCAL,     /* an error of this host */
};

/* Meaning of an ICMP error (RFC 792, RFC 1812) or ICMPv6 error (RFC 4443). */
enum errqueue_meaning {
	ERRQUEUE_PORT,        /* port unreachable */
	ERRQUEUE_UNREACHABLE, /* network, host or address unreachable, no route, or our ARP failed */
	ERRQUEUE_PROHIBITED,  /* administratively prohibited */
	ERRQUEUE_EXPIRED,     /* time to live (hop limit) exceeded in transit */
	ERRQUEUE_TOO_BIG,     /* larger than the path MTU */
	ERRQUEUE_OTHER,
};

struct errqueue_entry {
	enum errqueue_kind kind;
	uint32_t timestamp_id;         /* TIMESTAMP: number of the datagram, from 0 when the option was set */
	int64_t sent_ns;               /* TIMESTAMP: realtime; else 0 */
	enum errqueue_meaning meaning; /* ICMP, LOCAL */
	uint8_t type, code;            /* ICMP: of the error message */
	int error;                     /* the kernel's errno for it */
	uint32_t mtu;                  /* TOO_BIG: the path MTU; 0: not known */
	struct endpoint destination;   /* of our datagram */
	struct endpoint offender;      /* sender of the error; LOCAL and failed ARP: this host */
	struct endpoint source;        /* source address of our datagram, if packet_info is set (udp.h) */
	const uint8_t *payload;        /* start of our datagram's payload as quoted by the error; inside scratch */
	size_t payload_len;
};

/* Fill *entry from a message of MSG_ERRQUEUE with this number of octets of payload. Pure. */
void errqueue_parse(struct msghdr *message, size_t payload_len, struct errqueue_entry *entry);

/* Read one entry without blocking. Returns 1 if *entry is filled, 0 if the queue is empty, or -errno. */
int errqueue_read(int fd, struct errqueue_entry *entry, uint8_t *scratch, size_t scratch_len);

enum { ERRQUEUE_BATCH = 16, ERRQUEUE_QUOTE_LEN = 1024 };

struct errqueue_batch {
	struct errqueue_entry entries[ERRQUEUE_BATCH];
	uint8_t quotes[ERRQUEUE_BATCH][ERRQUEUE_QUOTE_LEN];
};

/* Read up to `max` entries, and no more than a batch, in one call. Returns their number, 0 if there are none, or
 * -errno. */
int errqueue_read_batch(int fd, struct errqueue_batch *batch, unsigned max);

#endif
