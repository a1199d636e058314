/* The table of faults. A new one is what it does, what is to be said of each path, and its line. */
#ifndef FLOATPROBE_SIM_FAULTS_H
#define FLOATPROBE_SIM_FAULTS_H

#include "tests/sim/story.h"

extern const struct fault faults[];
extern const size_t faults_len;

#endif
