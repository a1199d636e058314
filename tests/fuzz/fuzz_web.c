/* What anybody may send to `web:`. libmicrohttpd is as it is, over a Unix socket; libuv's handles are played here, so
 * that the server takes its turns at once. /probe is the client's, with two targets of which nothing is known yet. The
 * first octet of an input says where its peer seems to be, and how many turns pass between the pieces of 2^n octets in
 * which the rest arrives. What must always hold: a reload happens only for whom the settings allow it; every reply is
 * HTTP; and nothing of a request stands in a reply. */
#include "client/metrics/probe_page.h"
#include "common/system/clock.h"
#include "common/web/metrics.h"
#include "common/web/page.h"
#include "common/web/web.h"
#include "tests/fuzz/fuzz.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { WHERE = 0x03, PIECES = 0x1c, REPLY_MAX = 1 << 16, PARTS = 3, TURNS = 4 };
enum where { BESIDE, HERE, AFAR, HERE_V6 };

static struct {
	int64_t now_ns;
	enum where where;
	uv_poll_t *poll; /* the newest that was started */
	uv_poll_cb turn;
	unsigned reloads;
} play;

static char path[64];

/* ---- libuv, the clock, and where a connection comes from ---- */

int64_t clock_mono_ns(void)
{
	return play.now_ns += 1000;
}

int64_t clock_real_ns(void)
{
	return play.now_ns;
}

int64_t clock_boot_ns(void)
{
	return play.now_ns;
}

int uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd)
{
	(void)loop, (void)handle, (void)fd;
	return 0;
}

int uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb cb)
{
	(void)events;
	play.poll = handle;
	play.turn = cb;
	return 0;
}

int uv_poll_stop(uv_poll_t *handle)
{
	(void)handle;
	return 0;
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *timer)
{
	(void)loop, (void)timer;
	return 0;
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout_ms, uint64_t repeat_ms)
{
	(void)timer, (void)cb, (void)timeout_ms, (void)repeat_ms;
	return 0;
}

void uv_close(uv_handle_t *handle, uv_close_cb cb)
{
	if (cb)
		cb(handle);
}

int accept4(int fd, struct sockaddr *restrict from, socklen_t *restrict len, int flags)
{
	const struct sockaddr_in v4 = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(play.where == HERE ? 0x7f000001 : 0xcb007107) };
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int accepted = (int)syscall(SYS_accept4, fd, from, len, flags);

	if (accepted >= 0 && play.where == HERE_V6)
		memcpy(from, &v6, *len = sizeof v6);
	else if (accepted >= 0 && play.where != BESIDE)
		memcpy(from, &v4, *len = sizeof v4);
	return accepted;
}

/* ---- routes ---- */

static void answer_reload(void *context, const struct web_request *request, struct web_reply *reply)
{
	(void)context, (void)request;
	FUZZ_CHECK(play.where != AFAR);
	play.reloads++;
	document_put(&reply->body, "Reloaded.\n");
}

static char name[] = "bootnode", address[] = "203.0.113.7", other[] = "2001:db8::7";
static struct config_target targets[] = {
	{ .name = name,
	  .address = address,
	  .numeric = true,
	  .endpoint = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 7 }, .port = WIRE_PORT } },
	{ .name = other,
	  .address = other,
	  .numeric = true,
	  .endpoint = { .address = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 }, .port = WIRE_PORT } },
};
static const struct config config = { .targets = targets, .targets_len = sizeof targets / sizeof *targets };
static const struct driver driver = { .engine = { .config = &config } };
static struct run_metrics metrics = { .driver = &driver };

/* Only one of the names and addresses, each as it is or with its port, is a target. An address may be written in other
 * ways. */
static void answer_probe(void *context, const struct web_request *request, struct web_reply *reply)
{
	static const char *const known[] = { "bootnode", "203.0.113.7", "203.0.113.7:8620", "2001:db8::7",
					     "[2001:db8::7]:8620" };
	const char *target = web_argument(request, "target");
	bool is_known = false;

	for (size_t i = 0; target && i < sizeof known / sizeof *known; i++)
		is_known = is_known || strcmp(target, known[i]) == 0;
	probe_page_answer(context, request, reply);
	FUZZ_CHECK(!is_known || reply->status == 400 || reply->status == 503);
	FUZZ_CHECK(is_known || reply->status == 400 || reply->status == 404 ||
		   target[strspn(target, "0123456789abcdefABCDEF:.[]")] == '\0');
	FUZZ_CHECK(target || reply->status == 400);
}

static bool write_parts(void *context, struct web_draft *draft)
{
	(void)context;
	draft->reply.type = metrics_type(draft->variant);
	document_put(&draft->reply.body, "# EOF\n");
	return ++draft->section == PARTS;
}

static const struct web_route routes[] = {
	{ .path = "/", .write = write_parts },
	{ .path = PAGE_STYLE_PATH, .answer = page_answer_style },
	{ .path = "/metrics", .write = write_parts, .variant = metrics_variant },
	{ .path = "/probe", .answer = answer_probe },
	{ .path = "/-/reload", .post = true, .reloads = true, .answer = answer_reload },
	{ .path = NULL },
};

/* ---- a connection ---- */

static int dial(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strcpy(un.sun_path, path);
	FUZZ_CHECK(fd >= 0 && connect(fd, (const struct sockaddr *)&un, sizeof un) == 0);
	return fd;
}

static void take_turns(unsigned turns)
{
	while (turns-- > 0)
		play.turn(play.poll, 0, UV_READABLE);
}

static void send_pieces(int fd, const uint8_t *data, size_t size, size_t piece)
{
	while (size > 0) {
		size_t len = size < piece ? size : piece;
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		take_turns(1);
		if (n <= 0)
			return; /* it does not want any more */
		data += n;
		size -= (size_t)n;
	}
}

/* No octet of our replies is a control character, or not ASCII, but for the ends of lines. */
static void check_reply(int fd)
{
	static char reply[REPLY_MAX];
	ssize_t n = recv(fd, reply, sizeof reply, 0);

	FUZZ_CHECK(n <= 0 || (n > 8 && memcmp(reply, "HTTP/1.", 7) == 0));
	for (ssize_t i = 0; i < n; i++)
		FUZZ_CHECK((reply[i] >= ' ' && reply[i] < 0x7f) || strchr("\r\n\t", reply[i]));
}

static void remove_socket(void)
{
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct web_settings settings = { .listen = path, .path = path };

	if (size < 1)
		return 0;
	if (!path[0]) {
		snprintf(path, sizeof path, "/tmp/floatprobe-fuzz-%d.sock", (int)getpid());
		atexit(remove_socket);
	}
	memset(&play, 0, sizeof play);
	play.now_ns = 1000000000;
	play.where = data[0] & WHERE;
	struct web *web = web_new(NULL, routes, &metrics);

	FUZZ_CHECK(web && web_listen(web, &settings) == 0);
	int fd = dial();

	take_turns(1);
	send_pieces(fd, data + 1, size - 1, (size_t)8 << ((data[0] & PIECES) >> 2));
	take_turns(TURNS);
	check_reply(fd);
	close(fd);
	web_stop(web);
	web_free(web);
	return 0;
}
