/* How the paths are judged. A path itself does not know it. */
#ifndef FLOATPROBE_MODE_H
#define FLOATPROBE_MODE_H

enum mode {
	MODE_CHECK, /* one round (`check`, `ping`): all of its probes are judged, once, at its end */
	MODE_RUN    /* without end (`run`): the newest probes are judged, again and again */
};

#endif
