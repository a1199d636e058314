/* A message of a socket's error queue: the first octet is the length of its control messages, the second one that of
 * its address; what is left is the quoted datagram. */
#include "common/system/errqueue.h"
#include "common/system/udp.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { HEAD_LEN = 2 };

/* Each in memory of its own, so that AddressSanitizer sees a read beyond its end. */
static void *part_of(const uint8_t **data, size_t *size, size_t len)
{
	uint8_t *part = malloc(len + 1);

	FUZZ_CHECK(part && len <= *size);
	memcpy(part, *data, len);
	*data += len;
	*size -= len;
	return part;
}

static size_t at_most(size_t len, size_t limit)
{
	return len < limit ? len : limit;
}

static void check(const struct errqueue_entry *entry, const void *payload, size_t len)
{
	FUZZ_CHECK(entry->kind <= ERRQUEUE_LOCAL && entry->meaning <= ERRQUEUE_OTHER);
	FUZZ_CHECK(entry->kind != ERRQUEUE_TIMESTAMP || endpoint_is_unknown(&entry->offender));
	FUZZ_CHECK(entry->mtu == 0 || entry->meaning == ERRQUEUE_TOO_BIG);
	FUZZ_CHECK(entry->payload == payload && entry->payload_len == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEAD_LEN)
		return 0;
	size_t control_len = data[0], name_len = data[1];
	struct sockaddr_storage name = { 0 };
	struct errqueue_entry entry;

	data += HEAD_LEN;
	size -= HEAD_LEN;
	control_len = at_most(control_len, size);
	void *control = part_of(&data, &size, control_len);
	name_len = at_most(at_most(name_len, sizeof name), size);
	void *address = part_of(&data, &size, name_len);
	size_t payload_len = size;
	void *payload = part_of(&data, &size, payload_len);
	struct iovec iov = { .iov_base = payload, .iov_len = payload_len };
	struct msghdr message = {
		.msg_name = &name,
		.msg_namelen = (socklen_t)name_len,
		.msg_control = control,
		.msg_controllen = control_len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};

	memcpy(&name, address, name_len);
	errqueue_parse(&message, iov.iov_len, &entry);
	check(&entry, payload, iov.iov_len);
	free(control);
	free(address);
	free(payload);
	return 0;
}
