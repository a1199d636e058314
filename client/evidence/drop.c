#include "client/evidence/drop.h"

#include <inttypes.h>
#include <stdio.h>

const char *drop_text(enum drop drop)
{
	static const char *const texts[] = {
#define X(name, text) text,
		DROPS(X)
#undef X
	};

	return texts[drop];
}

const char *drop_name(enum drop drop)
{
	static const char *const names[] = {
#define X(name, text) #name,
		DROPS(X)
#undef X
	};

	return names[drop];
}

enum drop drop_of_fault(enum packet_fault fault)
{
	switch (fault) {
	case PACKET_FAULT_NONE:
		return DROP_NONE;
	case PACKET_FAULT_SHORT:
		return DROP_SHORT;
	case PACKET_FAULT_VERSION:
		return DROP_VERSION;
	default:
		return DROP_MALFORMED;
	}
}

const char *drop_sums_text(const uint64_t sums[static DROPS_LEN], char text[static DROP_SUMS_LEN])
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = DROP_NONE + 1; i < DROPS_LEN && len < DROP_SUMS_LEN; i++) {
		if (sums[i] > 0)
			len += (size_t)snprintf(text + len, DROP_SUMS_LEN - len, "%s%" PRIu64 " %s", len ? ", " : "",
						sums[i], drop_text(i));
	}
	return text;
}
