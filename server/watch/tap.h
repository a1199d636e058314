/* A packet socket in the event loop with bounded cost. Frames are read in batches after a short delay. A flood fills
 * the buffer, and the kernel drops the frames that do not fit. Does not wake up without frames. */
#ifndef FLOATPROBE_TAP_H
#define FLOATPROBE_TAP_H

#include "common/system/packet_socket.h"
#include "server/watch/bpf.h"

#include <stdint.h>
#include <uv.h>

struct tap;
struct tap *tap_new(packet_socket_on_frame *on_frame, void *context); /* NULL if memory is out */
/* Returns 0 or -errno (-EPERM: no CAP_NET_RAW). Call tap_stop after an error, too. */
int tap_start(struct tap *tap, uv_loop_t *loop, uint16_t protocol, const struct bpf_program *program)
    __attribute__((warn_unused_result));
/* Free it after the loop has closed its handles. Both accept NULL. */
void tap_stop(struct tap *tap);
void tap_free(struct tap *tap);

/* True if it was started and sees frames. */
bool tap_is_open(const struct tap *tap);
int tap_set_filter(struct tap *tap, const struct bpf_program *program) __attribute__((warn_unused_result));
int tap_send(struct tap *tap, uint16_t protocol, unsigned link, const uint8_t to[PACKET_SOCKET_MAC_LEN],
	     const uint8_t *buf, size_t len) __attribute__((warn_unused_result));
/* Read all waiting frames now. */
void tap_drain(struct tap *tap);
/* When a loss of frames was last detected (monotonic); 0: never. */
int64_t tap_lost_ns(const struct tap *tap);

#endif
