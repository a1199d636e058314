/* A packet socket in the event loop, at a bounded price. What arrives is read a moment later, and much at once: a flood
 * fills the buffer, and the kernel drops the rest behind the filter. While nothing comes nothing wakes up. */
#ifndef FLOATPROBE_TAP_H
#define FLOATPROBE_TAP_H

#include "common/system/packet_socket.h"
#include "server/watch/bpf.h"

#include <stdint.h>
#include <uv.h>

struct tap;
struct tap *tap_new(packet_socket_on_frame *on_frame, void *context); /* NULL: no memory */
/* Returns -errno (-EPERM: no CAP_NET_RAW). Wants to be stopped then, too. */
int tap_start(struct tap *tap, uv_loop_t *loop, uint16_t protocol, const struct bpf_program *program)
    __attribute__((warn_unused_result));
/* Free it when the loop has closed its handles (NULL is ignored by both). */
void tap_stop(struct tap *tap);
void tap_free(struct tap *tap);

/* It was started, and sees frames. */
bool tap_is_open(const struct tap *tap);
int tap_set_filter(struct tap *tap, const struct bpf_program *program) __attribute__((warn_unused_result));
int tap_send(struct tap *tap, uint16_t protocol, unsigned link, const uint8_t to[PACKET_SOCKET_MAC_LEN],
	     const uint8_t *buf, size_t len) __attribute__((warn_unused_result));
/* Read now what is there. */
void tap_drain(struct tap *tap);
/* When it was last found that frames had been dropped unread (monotonic); 0: never. */
int64_t tap_lost_ns(const struct tap *tap);

#endif
