/* What a UDP dialer does besides sending, in tests of the engine whose network is a table of their own: nothing. */
#include "client/net/udp_dialer.h"

void udp_dialer_flush(struct udp_dialer *dialer)
{
	(void)dialer;
}

void udp_dialer_drain(struct udp_dialer *dialer)
{
	(void)dialer;
}

void udp_dialer_listen(struct udp_dialer *dialer, bool wake)
{
	(void)dialer, (void)wake;
}

struct udp_drops udp_dialer_drops(struct udp_dialer *dialer, bool v4)
{
	(void)dialer, (void)v4;
	return (struct udp_drops){ 0 };
}

void udp_dialer_expect(struct udp_dialer *dialer, size_t answers)
{
	(void)dialer, (void)answers;
}

void udp_dialer_part(struct udp_dialer *dialer)
{
	(void)dialer;
}

void udp_dialer_reap(struct udp_dialer *dialer, int64_t at_ns, int64_t keep_ns)
{
	(void)dialer, (void)at_ns, (void)keep_ns;
}
