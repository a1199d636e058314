#include "client/evidence/translations.h"

#include "common/core/thresholds.h"

#include <stddef.h>

static const struct translation *find(const struct translations *list, const struct endpoint *own)
{
	for (unsigned i = 0; i < TRANSLATIONS_MAX; i++) {
		if (endpoint_same_address(&list->items[i].own, own))
			return &list->items[i];
	}
	return NULL;
}

static struct translation *use(struct translations *list, const struct endpoint *own)
{
	const struct translation *known = find(list, own);
	unsigned i = known ? (unsigned)(known - list->items) : list->next;

	if (!known) {
		list->items[i] = (struct translation){ .own = *own };
		list->items[i].own.port = 0;
		list->next = (i + 1) % TRANSLATIONS_MAX;
	}
	return &list->items[i];
}

void translations_note(struct translations *translations, const struct endpoint *local, const struct endpoint *seen)
{
	struct translation *t;

	if (endpoint_is_unknown(local) || endpoint_is_unknown(seen))
		return;
	t = use(translations, local);
	if (!endpoint_same_address(&t->outside, seen))
		t->same = t->kept = 0;
	t->outside = *seen;
	t->outside.port = 0;
	t->same += t->same < UINT32_MAX;
	t->kept = local->port == seen->port ? t->kept + (t->kept < UINT32_MAX) : 0;
}

void translations_tell(const struct translations *translations, struct evidence_query *query)
{
	for (unsigned i = 0; i < query->attempts_len && query->translations_len < EVIDENCE_TRANSLATIONS_MAX; i++) {
		const struct translation *t = find(translations, &query->attempts[i].client);
		if (!t || t->same < TRANSLATIONS_PROVEN || endpoint_same_address(&t->own, &t->outside) ||
		    evidence_translation_of(query, &t->own))
			continue;
		query->translations[query->translations_len++] =
		    (struct evidence_translation){ t->own, t->outside, t->kept >= TRANSLATIONS_PROVEN };
	}
}
