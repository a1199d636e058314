/* `floatprobe doctor`: report what on this host breaks floating IPs, and how to fix it. */
#ifndef FLOATPROBE_DOCTOR_H
#define FLOATPROBE_DOCTOR_H

#include "client/output/output.h"

/* config_file NULL: no configuration. format: not OUTPUT_NAGIOS. Returns the exit status: EXIT_STATUS_NOT_EXPECTED if a
 * finding is an error or a warning. */
int doctor_main(const char *config_file, enum output_format format);

#endif
