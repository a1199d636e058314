/* How paths are judged. */
#ifndef FLOATPROBE_MODE_H
#define FLOATPROBE_MODE_H

enum mode {
	MODE_CHECK, /* one round (`check`, `ping`): all probes are judged once, at the end */
	MODE_RUN    /* continuous (`run`): the newest probes are judged repeatedly */
};

#endif
