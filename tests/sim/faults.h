/* The tables of faults. A new one is what it does, what is to be said of each path, and its line. */
#ifndef FLOATPROBE_SIM_FAULTS_H
#define FLOATPROBE_SIM_FAULTS_H

#include "tests/sim/dialers.h"
#include "tests/sim/story.h"

/* Of all of them, one after another: those of faults.c first. NULL: there are no more. */
const struct fault *faults_at(size_t i);

/* Witnesses, holders, flows, twins. */
extern const struct fault faults_flows[];
extern const size_t faults_flows_len;

/* Which server has the floating address, where it is not translated, or where several have it on purpose. */
extern const struct fault faults_holders[];
extern const size_t faults_holders_len;

/* Many vantages at once. */
extern const struct fault faults_fleet[];
extern const size_t faults_fleet_len;

#endif
