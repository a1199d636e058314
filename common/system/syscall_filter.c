#include "common/system/syscall_filter.h"

#include "common/system/sanitized.h"

#if defined(FLOATPROBE_SECCOMP) && !SANITIZED

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>

/* What the daemons, libuv, libmicrohttpd, and the C library with its name services call. An old and a new call of the
 * same purpose stand side by side, as the C library chooses. Names that an architecture lacks are left out. */
static const char *const allowed[] = {
	/* descriptors */
	"read",
	"readv",
	"pread64",
	"preadv",
	"write",
	"writev",
	"pwrite64",
	"pwritev",
	"close",
	"close_range",
	"lseek",
	"_llseek",
	"dup",
	"dup2",
	"dup3",
	"fcntl",
	"fcntl64",
	"ioctl",
	"pipe",
	"pipe2",
	"eventfd",
	"eventfd2",
	"fsync",
	"fdatasync",
	"ftruncate",
	"ftruncate64",
	"flock",
	/* files: the configuration, keys, journals, /proc, the files of the name services */
	"open",
	"openat",
	"openat2",
	"stat",
	"stat64",
	"fstat",
	"fstat64",
	"lstat",
	"lstat64",
	"newfstatat",
	"fstatat64",
	"statx",
	"statfs",
	"statfs64",
	"fstatfs",
	"fstatfs64",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getdents",
	"getdents64",
	"getcwd",
	"unlink",
	"unlinkat",
	"chmod",
	"fchmod",
	"fchmodat",
	"umask",
	/* sockets */
	"socket",
	"socketpair",
	"bind",
	"connect",
	"listen",
	"accept",
	"accept4",
	"shutdown",
	"getsockname",
	"getpeername",
	"getsockopt",
	"setsockopt",
	"send",
	"sendto",
	"sendmsg",
	"sendmmsg",
	"sendfile",
	"sendfile64",
	"recv",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"recvmmsg_time64",
	"socketcall",
	/* waiting */
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"poll",
	"ppoll",
	"ppoll_time64",
	"select",
	"_newselect",
	"pselect6",
	"pselect6_time64",
	"timerfd_create",
	"timerfd_settime",
	"timerfd_settime64",
	"timerfd_gettime",
	"timerfd_gettime64",
	/* memory */
	"brk",
	"mmap",
	"mmap2",
	"munmap",
	"mremap",
	"mprotect",
	"madvise",
	"mlock",
	"mlock2",
	"munlock",
	"membarrier",
	/* threads: those of the resolver */
	"futex",
	"futex_time64",
	"set_robust_list",
	"get_robust_list",
	"rseq",
	"gettid",
	"set_tid_address",
	"exit",
	"exit_group",
	"sched_yield",
	"sched_getaffinity",
	"getcpu",
	"set_thread_area",
	"arch_prctl",
	"prctl",
	/* signals */
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigreturn",
	"rt_sigtimedwait",
	"rt_sigtimedwait_time64",
	"sigaltstack",
	"tgkill",
	"restart_syscall",
	/* clocks */
	"clock_gettime",
	"clock_gettime64",
	"clock_getres",
	"clock_getres_time64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"nanosleep",
	"gettimeofday",
	"time",
	"times",
	"adjtimex",
	"clock_adjtime",
	"clock_adjtime64",
	/* what this process and this host are */
	"getpid",
	"getppid",
	"getuid",
	"getuid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getegid",
	"getegid32",
	"getgroups",
	"getgroups32",
	"getresuid",
	"getresgid",
	"getrandom",
	"uname",
	"sysinfo",
	"getrusage",
	"capget",
	"prlimit64",
	"getrlimit",
	"ugetrlimit",
	"setrlimit",
};

static bool add_calls(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
		int number = seccomp_syscall_resolve_name(allowed[i]);
		int error = number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
		if (error < 0 && error != -EDOM)
			return false;
	}
	return true;
}

/* A thread may be started, another process not. The flags of clone3 are in memory, where a filter cannot read them:
 * without it the C library calls clone. */
static bool add_threads(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

bool syscall_filter_start(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool done = filter && seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 && add_calls(filter) &&
		    add_threads(filter) && seccomp_load(filter) == 0;

	if (filter)
		seccomp_release(filter);
	return done;
}

#else

bool syscall_filter_start(void)
{
	return false;
}

#endif
