/* ping PORT COUNT INTERVAL_US: the least that a round trip can take. Sends COUNT datagrams of 512 octets to an echo on
 * 127.0.0.1 on a fixed grid, waits for each in the system call, and prints each round trip in ns, kernel to kernel:
 * from the transmit time stamp to the receive time stamp. */
#include "common/system/errqueue.h"
#include "common/system/udp.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

enum { SIZE = 512, TIMEOUT_MS = 1000 };

static int64_t left_ns(int fd)
{
	uint8_t scratch[SIZE];
	struct errqueue_entry entry;
	while (errqueue_read(fd, &entry, scratch, sizeof scratch) == 1) {
		if (entry.kind == ERRQUEUE_TIMESTAMP)
			return entry.sent_ns;
	}
	return 0;
}

static int64_t round_trip_ns(int fd, struct udp_batch *batch, struct endpoint to)
{
	struct udp_datagram *d = udp_batch_at(batch, 0);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	*d = (struct udp_datagram){ .buf = d->buf, .len = SIZE, .peer = to };
	if (udp_send(fd, batch, 0, 1) != 1)
		return 0;
	do {
		if (poll(&wait, 1, TIMEOUT_MS) <= 0)
			return 0;
	} while (!(wait.revents & POLLIN));
	if (udp_receive(fd, batch) != 1)
		return 0;
	return udp_batch_at(batch, 0)->received_ns - left_ns(fd);
}

int main(int argc, char **argv)
{
	struct endpoint to = { .address = { [10] = 0xff, 0xff, 127, 0, 0, 1 } };
	struct udp_options options = { .family = AF_INET, .receive_timestamps = true, .send_timestamps = true };
	struct udp_batch *batch = udp_batch_new(SIZE);
	int fd = udp_open(&options);
	if (argc != 4 || fd < 0 || !batch)
		return 2;
	to.port = (uint16_t)strtoul(argv[1], NULL, 10);
	long count = strtol(argv[2], NULL, 10), interval_us = strtol(argv[3], NULL, 10);
	prctl(PR_SET_TIMERSLACK, 1);
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	for (long i = 0; i < count; i++) {
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		int64_t ns = round_trip_ns(fd, batch, to);
		if (ns > 0)
			printf("%lld\n", (long long)ns);
		at.tv_nsec += interval_us * 1000;
		while (at.tv_nsec >= 1000000000) {
			at.tv_nsec -= 1000000000;
			at.tv_sec++;
		}
	}
	udp_batch_free(batch);
	return 0;
}
