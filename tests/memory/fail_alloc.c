/* Preloaded into a program under test: the n-th allocation from now on fails, as often in a row as is asked for. The
 * file that $FAIL_ALLOC names holds `struct control`; the test maps it, too. $FAIL_ALLOC_TRACE: where to write the call
 * stacks of what fails. Allocations of libseccomp succeed and are not counted: libseccomp 2.5.4 crashes without memory.
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FRAMES_MAX = 24 };

struct control {
	_Atomic int64_t countdown; /* 1: the next allocation fails; 0 and less: none does */
	_Atomic int64_t lasting;   /* how many fail in a row */
	_Atomic int64_t failed;
	_Atomic int64_t made;        /* allocations, failed ones too */
	_Atomic int64_t live_blocks; /* allocated, and not freed */
	_Atomic int64_t live_octets;
};

/* Exported by glibc for allocators that wrap its own. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static struct control none;
static struct control *control = &none;
static int trace = -1;
static uintptr_t spared, spared_end; /* the code of libseccomp */

static int find_spared(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	for (int i = 0; strstr(info->dlpi_name, "libseccomp") && i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X))
			continue;
		spared = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		spared_end = spared + info->dlpi_phdr[i].p_memsz;
	}
	return 0;
}

__attribute__((constructor)) static void start(void)
{
	const char *file = getenv("FAIL_ALLOC");
	int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
	struct control *shared;
	void *frames[1];

	backtrace(frames, 1); /* its first call loads a library */
	dl_iterate_phdr(find_spared, NULL);
	if (getenv("FAIL_ALLOC_TRACE"))
		trace = open(getenv("FAIL_ALLOC_TRACE"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	unsetenv("LD_PRELOAD");
	if (fd < 0)
		return;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (shared != MAP_FAILED)
		control = shared;
}

static void tell_where(void)
{
	void *frames[FRAMES_MAX];

	if (trace >= 0)
		backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), trace);
}

static _Bool fails(const void *caller)
{
	int64_t left;

	if ((uintptr_t)caller - spared < spared_end - spared)
		return 0;
	control->made++;
	if (control->countdown <= 0)
		return 0;
	left = control->countdown--;
	if (left > 1)
		return 0;
	if (control->failed++ == 0)
		tell_where();
	if (--control->lasting > 0)
		control->countdown = 1;
	errno = ENOMEM;
	return 1;
}

static void *counted(void *block)
{
	if (block) {
		control->live_blocks++;
		control->live_octets += (int64_t)malloc_usable_size(block);
	}
	return block;
}

static void forget(void *block)
{
	if (block) {
		control->live_blocks--;
		control->live_octets -= (int64_t)malloc_usable_size(block);
	}
}

void *malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
	int64_t octets = block ? (int64_t)malloc_usable_size(block) : 0;
	void *moved;

	if (fails(__builtin_return_address(0)))
		return NULL;
	moved = __libc_realloc(block, size);
	if (!moved && size > 0)
		return NULL;
	control->live_blocks -= block != NULL;
	control->live_octets -= octets;
	return counted(moved);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : counted(__libc_memalign(alignment, size));
}

void *memalign(size_t alignment, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
	*block = fails(__builtin_return_address(0)) ? NULL : counted(__libc_memalign(alignment, size));
	return *block ? 0 : ENOMEM;
}

void free(void *block)
{
	forget(block);
	__libc_free(block);
}

/* libsodium takes memory for secrets by mmap. */
void *mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
	_Bool allocates = (flags & MAP_ANONYMOUS) && (flags & MAP_PRIVATE);
	void *block;
	long result;

	if (allocates && fails(__builtin_return_address(0)))
		return MAP_FAILED;
	result = syscall(SYS_mmap, address, len, protection, flags, fd, offset);
	memcpy(&block, &result, sizeof block);
	if (allocates && block != MAP_FAILED) {
		control->live_blocks++;
		control->live_octets += (int64_t)len;
	}
	return block;
}

int munmap(void *address, size_t len)
{
	int result = (int)syscall(SYS_munmap, address, len);

	if (result == 0) {
		control->live_blocks--;
		control->live_octets -= (int64_t)len;
	}
	return result;
}
