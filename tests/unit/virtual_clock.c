#include "tests/unit/virtual_clock.h"

int64_t virtual_clock_ns;

int64_t clock_mono_ns(void)
{
	return virtual_clock_ns;
}

int64_t clock_boot_ns(void)
{
	return virtual_clock_ns;
}

int64_t clock_real_ns(void)
{
	return VIRTUAL_CLOCK_EPOCH_NS + virtual_clock_ns;
}
