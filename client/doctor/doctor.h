/* `floatprobe doctor`: what on this host would break floating IPs, and the fix. */
#ifndef FLOATPROBE_DOCTOR_H
#define FLOATPROBE_DOCTOR_H

#include "client/output/output.h"

/* config_file NULL: none. Returns the exit status: EXIT_STATUS_NOT_EXPECTED if there is an error or a warning among the
 * findings. Nagios is no format of it. */
int doctor_main(const char *config_file, enum output_format format);

#endif
