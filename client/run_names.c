#include "client/run_names.h"

#include "client/output/result_event.h"
#include "common/config/units.h"
#include "common/system/log.h"

#include <string.h>

static void log_name(const struct resolver_name *name, enum resolver_event event)
{
	char text[UNITS_ADDRESS_LEN];
	const char *first = name->addresses_len ? units_address_text(name->addresses[0].address, text) : "";
	const char *others = name->addresses_len > 1 ? " and others" : "";

	switch (event) {
	case RESOLVER_FAILED:
		log_warning("cannot resolve %s: %s%s%s%s", name->name, name->error,
			    name->addresses_len ? "; floatprobe goes on to probe " : "", first, others);
		break;
	case RESOLVER_MOVED:
		log_warning("%s has other addresses now: %s%s", name->name, first, others);
		break;
	case RESOLVER_RECOVERED:
		log_info("%s can be resolved: %s%s", name->name, first, others);
		break;
	default:
		break;
	}
}

static void journal_name(struct run_journal *journal, const struct resolver_name *name, enum resolver_event event)
{
	static const char *const words[] = { [RESOLVER_RESOLVED] = "resolved",
					     [RESOLVER_MOVED] = "moved",
					     [RESOLVER_FAILED] = "failed",
					     [RESOLVER_RECOVERED] = "recovered" };
	struct result_name_event e = { .name = name->name,
				       .event = words[event],
				       .addresses = name->addresses,
				       .addresses_len = name->addresses_len,
				       .error = name->error };

	for (size_t i = 0; i < journal->config->targets_len; i++) {
		const struct config_target *t = &journal->config->targets[i];
		e.target = t->name;
		if (!t->numeric && strcmp(t->address, name->name) == 0)
			run_journal_write(journal, result_name_json(journal->config, &e));
	}
}

void run_names_tell(struct run_journal *journal, const struct resolver_name *name, enum resolver_event event)
{
	log_name(name, event);
	journal_name(journal, name, event);
}
