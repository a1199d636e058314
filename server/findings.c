#include "server/findings.h"

#include "common/system/clock.h"
#include "common/system/log.h"

#include <stdarg.h>
#include <stdio.h>

enum { JOURNAL_LINES_AT_ONCE = 200, LOG_LINES_AT_ONCE = 10, SENTENCE_LEN = 512, NOTE_LEN = 64 };
static const int64_t journal_interval_ns = 10000000, log_interval_ns = 10000000000;

static void write_journal(struct findings *f, enum findings_kind kind, json_t *details, int64_t mono_ns)
{
	static const char *const types[] = {
#define X(name, text) text,
		FINDINGS_KINDS(X)
#undef X
	};
	unsigned *unwritten = &f->kinds[kind].unwritten;
	char time[CLOCK_TEXT_LEN];
	json_t *line;

	if (!bucket_take(&f->kinds[kind].journal, mono_ns, journal_interval_ns, JOURNAL_LINES_AT_ONCE)) {
		++*unwritten;
		json_decref(details);
		return;
	}
	line = json_pack("{ss ss}", "type", types[kind], "time", clock_text(clock_real_ns(), time));
	json_object_update_new(line, details);
	if (*unwritten > 0)
		json_object_set_new(line, "left_out", json_integer(*unwritten));
	*unwritten = 0;
	journal_write(f->journal, line);
}

static void write_log(struct findings *f, enum findings_kind kind, int64_t mono_ns, const char *sentence)
{
	unsigned *unsaid = &f->kinds[kind].unsaid;
	char note[NOTE_LEN] = "";

	if (!bucket_take(&f->kinds[kind].log, mono_ns, log_interval_ns, LOG_LINES_AT_ONCE)) {
		++*unsaid;
		return;
	}
	if (*unsaid > 0)
		snprintf(note, sizeof note, " (%u such lines left out before)", *unsaid);
	*unsaid = 0;
	if (kind == FINDINGS_NEIGHBOUR || kind == FINDINGS_HEALED)
		log_info("%s%s", sentence, note);
	else
		log_warning("%s%s", sentence, note);
}

void findings_tell(struct findings *findings, enum findings_kind kind, json_t *details, const char *format, ...)
{
	int64_t mono_ns = clock_mono_ns();
	char sentence[SENTENCE_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	write_journal(findings, kind, details, mono_ns);
	write_log(findings, kind, mono_ns, sentence);
}

const char *findings_mac(const uint8_t mac[6], char text[FINDINGS_MAC_LEN])
{
	snprintf(text, FINDINGS_MAC_LEN, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
	return text;
}
