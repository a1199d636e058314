/* load FD PID SECONDS FLIGHT RATE SOURCE...: send requests over the inherited UDP socket FD, which the caller has
 * connected. RATE 0: keep FLIGHT of them on their way; else send RATE a second whatever comes back. Prints one line:
 * sent, answered, the CPU time that process PID used meanwhile in ns, the wall time in ns, datagrams dropped at the own
 * socket; then, warming up included, answered, and how many the server says that it received.
 *
 *   replay SIZE                        requests of SIZE octets from stdin, again and again
 *   probes SIZE FLOWS KEY SERVER_KEY   see source.h
 *   flows SIZE KEY SERVER_KEY          see source.h
 *
 * The load never sleeps: it has a core to itself, and waking it shall not be charged to the server. */
#include "common/system/clock.h"
#include "common/system/keyfile.h"
#include "tests/bench/source.h"

#include <inttypes.h>
#include <linux/sock_diag.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 32, PACKET_LEN = 2048 };

static int fd;

static const int64_t warm_up_ns = 300000000, silence_ns = 100000000;

static int64_t cpu_ns(clockid_t clock)
{
	struct timespec used = { 0 };

	if (clock)
		clock_gettime(clock, &used);
	return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static unsigned send_some(struct source *source, unsigned count)
{
	struct iovec vectors[BATCH];
	struct mmsghdr messages[BATCH];
	memset(messages, 0, sizeof messages);
	if (count > BATCH)
		count = BATCH;
	for (unsigned i = 0; i < count; i++) {
		vectors[i] = (struct iovec){ .iov_base = source->next(source), .iov_len = source->size };
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (unsigned done = 0; done < count;) {
		int n = sendmmsg(fd, messages + done, count - done, 0);
		if (n < 0) {
			perror("load: sendmmsg");
			exit(1);
		}
		done += (unsigned)n;
	}
	return count;
}

static unsigned receive_some(struct source *source)
{
	static uint8_t packets[BATCH][PACKET_LEN];
	struct iovec vectors[BATCH];
	struct mmsghdr messages[BATCH];
	memset(messages, 0, sizeof messages);
	for (unsigned i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){ .iov_base = packets[i], .iov_len = PACKET_LEN };
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	int n = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		if (messages[i].msg_len == source->size)
			source->reply(source, packets[i]);
	}
	return n < 0 ? 0 : (unsigned)n;
}

/* Keep `flight` requests on their way until the time is over; what is lost is made up for after a silence. */
static void keep_flight(struct source *source, unsigned flight, int64_t until_ns)
{
	static unsigned flying;
	int64_t heard_ns = clock_mono_ns();
	for (int64_t now; (now = clock_mono_ns()) < until_ns;) {
		unsigned n = receive_some(source);
		flying -= n < flying ? n : flying;
		if (n > 0)
			heard_ns = now;
		else if (now - heard_ns > silence_ns)
			flying = 0;
		if (flying < flight)
			flying += send_some(source, flight - flying);
	}
}

static void keep_rate(struct source *source, unsigned rate, int64_t until_ns)
{
	int64_t start_ns = clock_mono_ns();
	uint64_t start = source->sent;
	for (int64_t now; (now = clock_mono_ns()) < until_ns;) {
		uint64_t due = (uint64_t)((double)(now - start_ns) * 1e-9 * rate);
		if (due > source->sent - start)
			send_some(source, (unsigned)(due - (source->sent - start)));
		receive_some(source);
	}
}

static void drain(struct source *source)
{
	for (int64_t until_ns = clock_mono_ns() + silence_ns; clock_mono_ns() < until_ns;)
		receive_some(source);
}

static unsigned own_drops(void)
{
	unsigned info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof info;
	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len);
	return info[SK_MEMINFO_DROPS];
}

/* flows: NULL for new ones without end. */
static struct source *make_probes(const char *size, const char *flows, const char *key_file, const char *server)
{
	char error[KEYFILE_ERROR_LEN] = "";
	uint8_t server_key[WIRE_KEY_LEN];
	struct seal_identity client;
	if (!seal_start() || !keyfile_read(key_file, &client, error) ||
	    !keyfile_public_parse(server, server_key, error)) {
		fprintf(stderr, "load: keys: %s\n", error);
		exit(1);
	}
	return flows ? source_probes(&client, server_key, (unsigned)strtoul(flows, NULL, 10), strtoul(size, NULL, 10))
		     : source_flows(&client, server_key, strtoul(size, NULL, 10));
}

static struct source *make_source(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[0], "replay") == 0)
		return source_replay(stdin, strtoul(argv[1], NULL, 10));
	if (argc == 5 && strcmp(argv[0], "probes") == 0)
		return make_probes(argv[1], argv[2], argv[3], argv[4]);
	if (argc == 4 && strcmp(argv[0], "flows") == 0)
		return make_probes(argv[1], NULL, argv[2], argv[3]);
	fprintf(stderr, "load: see load.c\n");
	exit(2);
}

int main(int argc, char **argv)
{
	clockid_t clock = 0;
	if (argc < 8)
		return 2;
	fd = (int)strtol(argv[1], NULL, 10);
	int pid = (int)strtol(argv[2], NULL, 10);
	double seconds = strtod(argv[3], NULL);
	unsigned flight = (unsigned)strtoul(argv[4], NULL, 10), rate = (unsigned)strtoul(argv[5], NULL, 10);
	struct source *source = make_source(argc - 6, argv + 6);
	if (pid > 0 && clock_getcpuclockid(pid, &clock) != 0)
		return 1;

	keep_flight(source, flight, clock_mono_ns() + warm_up_ns);
	if (rate)
		drain(source);
	uint64_t sent = source->sent, answered = source->answered;
	int64_t start_ns = clock_mono_ns(), used_ns = cpu_ns(clock);
	if (rate)
		keep_rate(source, rate, start_ns + (int64_t)(seconds * 1e9));
	else
		keep_flight(source, flight, start_ns + (int64_t)(seconds * 1e9));
	used_ns = cpu_ns(clock) - used_ns;
	int64_t wall_ns = clock_mono_ns() - start_ns;
	drain(source);
	printf("%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %u %" PRIu64 " %" PRIu64 "\n", source->sent - sent,
	       source->answered - answered, used_ns, wall_ns, own_drops(), source->answered, source->received(source));
	return 0;
}
