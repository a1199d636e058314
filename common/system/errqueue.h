/* A socket's error queue: ICMP errors for what we sent, and TX timestamps (they share it; see ee_origin). */
#ifndef FLOATPROBE_ERRQUEUE_H
#define FLOATPROBE_ERRQUEUE_H

#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum errqueue_kind { ERRQUEUE_TIMESTAMP, ERRQUEUE_ICMP, ERRQUEUE_LOCAL };

enum errqueue_meaning {                       /* of ICMP and ICMPv6 alike */
			ERRQUEUE_PORT,        /* port unreachable */
			ERRQUEUE_UNREACHABLE, /* net, host, no route, address; own ARP failed */
			ERRQUEUE_PROHIBITED,
			ERRQUEUE_TOO_BIG,
			ERRQUEUE_OTHER,
};

struct errqueue_entry {
	enum errqueue_kind kind;
	uint32_t timestamp_id; /* TIMESTAMP: the datagram's count on this socket since the option was set */
	int64_t sent_ns;       /* TIMESTAMP: realtime */
	enum errqueue_meaning meaning;
	uint8_t type, code;
	int error;                   /* the errno that the kernel made of it */
	uint32_t mtu;                /* TOO_BIG; 0: not said */
	struct endpoint destination; /* where our datagram went */
	struct endpoint offender;    /* who sent the error; for LOCAL and our own failing ARP: ourselves */
	struct endpoint source;      /* the address that our datagram had (ipi_addr), if packet_info is on */
	const uint8_t *payload;      /* the quoted octets of our datagram's payload; valid until the next call */
	size_t payload_len;
};

/* Read one entry without blocking. 1: *entry is filled; 0: nothing there; -errno. */
int errqueue_read(int fd, struct errqueue_entry *entry, uint8_t *scratch, size_t scratch_len);

#endif
