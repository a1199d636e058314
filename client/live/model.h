/* What the live view knows: the paths as they are now, what changed, and what the user wants to see. It is fed several
 * times a second; view.h makes a page of it. Pure, but allocates. */
#ifndef FLOATPROBE_LIVE_MODEL_H
#define FLOATPROBE_LIVE_MODEL_H

#include "client/live/strip.h"
#include "client/output/headline.h"
#include "client/path/verdict_words.h"
#include "common/config/units.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MODEL_LABEL_LEN = 48,
	MODEL_EVENTS = 128,
	MODEL_EVENT_LEN = 400,
	MODEL_SENTENCES = 9, /* those of a verdict, and its advice */
	MODEL_SENTENCE_LEN = 256,
};

struct model_path {
	char target[UNITS_NAME_MAX + 1];
	char label[MODEL_LABEL_LEN]; /* "udp/512 held" */
	char address[UNITS_ADDRESS_LEN + 8], host[UNITS_HOST_MAX + 1];
	char server[UNITS_NAME_MAX + 1];      /* who answers; empty: nobody */
	char sentence[HEADLINE_SENTENCE_LEN]; /* what headline_path.sentence points to */
	struct headline_path is;              /* its `target` and `sentence` are set by model_feed_end */
	bool known;                           /* it has a state */
	double rtt_ms;                        /* median; negative: not known */
	uint32_t sent, lost;                  /* of the probes that count */
	struct strip strip;
};

struct model_event {
	int64_t real_ns;
	char text[MODEL_EVENT_LEN];
	bool good;
};

enum model_sort { MODEL_AS_CONFIGURED, MODEL_WORST_FIRST, MODEL_BY_NAME, MODEL_SORTS };
enum model_key {
	MODEL_NO_KEY,
	MODEL_UP,
	MODEL_DOWN,
	MODEL_PAGE_UP,
	MODEL_PAGE_DOWN,
	MODEL_HOME,
	MODEL_END,
	MODEL_SORT,
	MODEL_PAUSE,
	MODEL_EXPAND,
	MODEL_DETAILS,
	MODEL_HELP,
	MODEL_QUIT
};

struct model_row { /* a path; or all paths of one target at one address, which are well */
	size_t from, to;
	bool folded;
};

struct model {
	const char *command; /* "floatprobe run"; static */
	char vantage[UNITS_NAME_MAX + 1];
	struct model_path *paths, *before; /* now, and at the feed before */
	size_t len, before_len, room;
	struct model_row *rows;
	size_t rows_len;
	char headline[HEADLINE_LEN];
	bool well;       /* the headline is good news */
	int64_t real_ns; /* when it was fed */

	struct model_event events[MODEL_EVENTS]; /* a ring */
	size_t events_len;                       /* all there ever were */

	/* Why a path is as it is; filled by who feeds the model, after the paths. */
	size_t explained; /* that path's position */
	char sentences[MODEL_SENTENCES][MODEL_SENTENCE_LEN];
	unsigned sentences_len;
	bool advised; /* the last one is advice */

	enum model_sort sort;
	bool silent; /* the log has the changes: the view makes no events of them */
	bool paused, expanded, details, help;
	size_t selected, page_rows; /* page_rows: of the last page that was made */
	size_t top;                 /* the first row that is shown */
};

void model_init(struct model *model, const char *command, const char *vantage);
void model_free(struct model *model);

/* Feed it: model_feed_begin, model_feed_path for each path in the order of the configuration, model_feed_end. While it
 * is paused, there is nothing to feed. sentence NULL: the one of the paths. */
void model_feed_begin(struct model *model, int64_t real_ns);
/* A path to be filled, all zero; NULL: no memory. */
struct model_path *model_feed_path(struct model *model);
void model_feed_end(struct model *model, const char *sentence, bool well);
/* The position of the path whose details are wanted, by the last feed; -1: none. */
int model_wants(const struct model *model);

/* An event of its own time: a picture that is paused keeps its time. */
void model_event(struct model *model, int64_t real_ns, bool good, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The event `ago` events before the newest one; NULL: there is none. */
const struct model_event *model_event_ago(const struct model *model, size_t ago);

/* Returns false for MODEL_QUIT, which is the caller's. */
bool model_key(struct model *model, enum model_key key);

/* "down return protocol-filtered"; "up, unexpected"; "-": not known. Returns text. */
enum { MODEL_STATE_LEN = 64 };
const char *model_state(const struct model_path *path, char text[MODEL_STATE_LEN]);

/* Nothing of this path needs a reader's attention. */
bool model_is_well(const struct model_path *path);

#endif
