#include "client/interrupt.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>
#include <uv.h>

enum { EXIT_SIGNAL = 128 };

/* Signal handlers have no context. */
static struct {
	volatile sig_atomic_t number; /* the first signal; 0: none came */
	volatile sig_atomic_t listens;
	uv_async_t wake;
	void (*first)(void *context, int number);
	void *context;
	void (*leave)(void);
} interrupt;

/* A terminal that goes away sends SIGHUP more than once, and the live view then ends its command by a signal. */
static bool is_of_the_same_hangup(int number, const siginfo_t *info)
{
	return interrupt.number == SIGHUP && (number == SIGHUP || info->si_code == SI_TKILL);
}

static void caught(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (interrupt.listens && is_of_the_same_hangup(number, info))
		return;
	if (interrupt.number || !interrupt.listens) {
		if (interrupt.leave)
			interrupt.leave();
		_exit(EXIT_SIGNAL + number);
	}
	interrupt.number = number;
	uv_async_send(&interrupt.wake); /* async-signal-safe */
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_RESTART | SA_SIGINFO }, before;

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
		sigaction(SIGHUP, &action, NULL);
}

void interrupt_as_pid1(void)
{
	if (getpid() == 1)
		catch_signals();
}

static void woken(uv_async_t *wake)
{
	(void)wake;
	interrupt.first(interrupt.context, interrupt.number);
}

void interrupt_start(uv_loop_t *loop, void (*first)(void *context, int number), void *context)
{
	interrupt.first = first;
	interrupt.context = context;
	uv_async_init(loop, &interrupt.wake, woken);
	uv_unref((uv_handle_t *)&interrupt.wake);
	interrupt.listens = true;
	catch_signals();
}

void interrupt_stop(void)
{
	if (!interrupt.listens)
		return;
	interrupt.listens = false;
	uv_close((uv_handle_t *)&interrupt.wake, NULL);
}

int interrupt_status(int status)
{
	return interrupt.number ? EXIT_SIGNAL + interrupt.number : status;
}

void interrupt_at_leave(void (*leave)(void))
{
	interrupt.leave = leave;
}
