/* What every program of floatprobe does first, whoever started it and in which state. */
#ifndef FLOATPROBE_PROCESS_H
#define FLOATPROBE_PROCESS_H

/* Opens /dev/null for each of stdin, stdout and stderr that is closed: else a socket or the journal could get its
 * number, and receive the log. Ignores the signals of a closed pipe and of a file of the greatest size: the failing
 * write reports them. */
void process_start(void);

/* A reload (SIGHUP) that is asked for while a daemon starts waits from the first call to the second one, when it can be
 * heard. Without them it would end the daemon. */
void process_hold_reload(void);
void process_hear_reload(void);

#endif
