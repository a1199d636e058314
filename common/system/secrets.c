#include "common/system/secrets.h"

#include "common/system/log.h"
#include "common/system/sanitized.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { LINE_LEN = 256 };

/* What a core dump leaves out is a secret: nothing else is marked so. */
static bool any_unlocked(FILE *smaps)
{
	char line[LINE_LEN];
	bool found = false;

	while (!found && fgets(line, sizeof line, smaps))
		found = strncmp(line, "VmFlags:", strlen("VmFlags:")) == 0 && strstr(line, " dd") &&
			strstr(line, " wr") && !strstr(line, " lo");
	return found;
}

void secrets_warn_of_swap(void)
{
	/* AddressSanitizer's mlock does nothing. */
	FILE *smaps = SANITIZED ? NULL : fopen("/proc/self/smaps", "re");
	struct rlimit limit = { 0 };

	if (!smaps)
		return;
	(void)getrlimit(RLIMIT_MEMLOCK, &limit);
	if (any_unlocked(smaps))
		log_warning(
		    "secret keys are not locked in memory and could be written to swap: the limit of locked memory is "
		    "%llu octets (LimitMEMLOCK=, ulimit -l)",
		    (unsigned long long)limit.rlim_cur);
	fclose(smaps);
}
