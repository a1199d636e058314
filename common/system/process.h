/* What every program of floatprobe does first, whoever started it and in which state. */
#ifndef FLOATPROBE_PROCESS_H
#define FLOATPROBE_PROCESS_H

/* Opens /dev/null for each of stdin, stdout and stderr that is closed: else a socket or the journal could get its
 * number, and receive the log. Ignores the signals of a closed pipe and of a file of the greatest size: the failing
 * write reports them. */
void process_start(void);

#endif
