/* SIGINT and SIGTERM: the first one asks the command to end, the second one ends the process at once, whatever it is
 * doing. SIGHUP as well, unless it is ignored (nohup) or means something else (run reloads). Also where the process is
 * PID 1, for which signals have no default action. */
#ifndef FLOATPROBE_INTERRUPT_H
#define FLOATPROBE_INTERRUPT_H

struct uv_loop_s;

/* Until interrupt_start, a signal ends the process; only PID 1 needs this. */
void interrupt_as_pid1(void);

/* The first signal calls `first` in the loop. */
void interrupt_start(struct uv_loop_s *loop, void (*first)(void *context, int number), void *context);
/* The loop runs no more: the next signal ends the process. Closes the handle; the loop has to run to free it. */
void interrupt_stop(void);

/* The exit status after a signal (128 + its number); otherwise `status`. */
int interrupt_status(int status);

/* Called before a signal ends the process, in its handler: only what is async-signal-safe. NULL: nothing. */
void interrupt_at_leave(void (*leave)(void));

#endif
