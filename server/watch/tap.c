#include "server/watch/tap.h"

#include "common/system/clock.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PAUSE_MS = 50,
	RECEIVE_BUFFER_LEN = 256 * 1024, /* holds some hundred small frames, which bounds the work of one read */
	BATCHES_MAX = 16,
};

struct tap {
	packet_socket_on_frame *on_frame;
	void *context;
	int fd; /* -1: not open */
	uv_poll_t poll;
	uv_timer_t pause;
	int64_t lost_ns;
};

struct tap *tap_new(packet_socket_on_frame *on_frame, void *context)
{
	struct tap *tap = calloc(1, sizeof *tap);

	if (!tap)
		return NULL;
	tap->on_frame = on_frame;
	tap->context = context;
	tap->fd = -1;
	return tap;
}

void tap_free(struct tap *tap)
{
	free(tap);
}

static struct sock_fprog fprog_of(const struct bpf_program *program, struct sock_filter code[BPF_FILTER_LEN_MAX])
{
	memcpy(code, program->code, program->len * sizeof *code);
	return (struct sock_fprog){ .len = program->len, .filter = code };
}

static void on_ready(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *pause)
{
	struct tap *tap = pause->data;

	tap_drain(tap);
	uv_poll_start(&tap->poll, UV_READABLE, on_ready);
}

/* Reading the frames also clears an error of the socket. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct tap *tap = poll->data;

	(void)status;
	(void)events;
	uv_poll_stop(poll);
	uv_timer_start(&tap->pause, on_pause_over, PAUSE_MS, 0);
}

int tap_start(struct tap *tap, uv_loop_t *loop, uint16_t protocol, const struct bpf_program *program)
{
	struct sock_filter code[BPF_FILTER_LEN_MAX];
	struct sock_fprog fprog = fprog_of(program, code);
	int fd = packet_socket_open(protocol, &fprog, RECEIVE_BUFFER_LEN), error;

	if (fd < 0)
		return fd;
	error = uv_poll_init(loop, &tap->poll, fd);
	if (error < 0) {
		close(fd);
		return error;
	}
	tap->fd = fd;
	uv_timer_init(loop, &tap->pause); /* always succeeds */
	tap->poll.data = tap->pause.data = tap;
	return uv_poll_start(&tap->poll, UV_READABLE, on_ready);
}

static void on_closed(uv_handle_t *handle)
{
	struct tap *tap = handle->data;

	close(tap->fd);
	tap->fd = -1;
}

void tap_stop(struct tap *tap)
{
	if (!tap || tap->fd < 0)
		return;
	uv_close((uv_handle_t *)&tap->pause, NULL);
	uv_close((uv_handle_t *)&tap->poll, on_closed);
}

bool tap_is_open(const struct tap *tap)
{
	return tap->fd >= 0;
}

int tap_set_filter(struct tap *tap, const struct bpf_program *program)
{
	struct sock_filter code[BPF_FILTER_LEN_MAX];
	struct sock_fprog fprog = fprog_of(program, code);

	return packet_socket_filter(tap->fd, &fprog);
}

int tap_send(struct tap *tap, uint16_t protocol, unsigned link, const uint8_t to[PACKET_SOCKET_MAC_LEN],
	     const uint8_t *buf, size_t len)
{
	return packet_socket_send(tap->fd, protocol, link, to, buf, len);
}

void tap_drain(struct tap *tap)
{
	int n = PACKET_SOCKET_BATCH;

	if (tap->fd < 0)
		return;
	for (unsigned i = 0; i < BATCHES_MAX && n == PACKET_SOCKET_BATCH; i++)
		n = packet_socket_read(tap->fd, tap->on_frame, tap->context);
	if (packet_socket_dropped(tap->fd) > 0)
		tap->lost_ns = clock_mono_ns();
}

int64_t tap_lost_ns(const struct tap *tap)
{
	return tap->lost_ns;
}
