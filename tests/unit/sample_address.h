/* An address from its text, with the port 8620. */
#ifndef FLOATPROBE_SAMPLE_ADDRESS_H
#define FLOATPROBE_SAMPLE_ADDRESS_H

#include "common/core/endpoint.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline struct endpoint sample_address(const char *text)
{
	struct endpoint e = { .port = 8620 };

	if (inet_pton(AF_INET6, text, e.address) == 1)
		return e;
	memcpy(e.address, endpoint_v4_prefix, sizeof endpoint_v4_prefix);
	assert_int_equal(inet_pton(AF_INET, text, e.address + sizeof endpoint_v4_prefix), 1);
	return e;
}

#endif
