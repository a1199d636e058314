/* Says that this process has no descriptor left. libuv then closes each new connection at once and tells nobody. */
#ifndef FLOATPROBE_DESCRIPTORS_H
#define FLOATPROBE_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

struct descriptors {
	uint64_t looked_ms;
	uint64_t exhausted; /* times that they ran out */
	bool out;
};

/* Call whenever the loop wakes; it looks once a second at most. */
void descriptors_look(struct descriptors *descriptors, uint64_t now_ms);

#endif
