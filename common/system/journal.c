#include "common/system/journal.h"

#include "common/system/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Minutes of a busy prober's lines, while the disk is full. */
enum { BUFFER_LEN = 256 * 1024 };

struct journal {
	char *path;
	int fd;
	bool torn;              /* the file ends inside a line; the buffer begins with the rest of it */
	bool failing;           /* the failure is reported; cleared by the next successful flush */
	bool starving;          /* want of memory is reported; cleared by the next line */
	uint64_t lost;          /* lines lost since journal_open */
	uint64_t lost_reported; /* lost lines that the log has reported */
	size_t len;
	char buffer[BUFFER_LEN + 1]; /* one octet more for the line feed of end_torn_line */
};

/* True if a regular file's last line has no line feed, as after a crash. */
static bool ends_torn(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	char last;
	bool torn = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
		    pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';

	if (fd >= 0)
		close(fd);
	return torn;
}

/* End the file's last line if a crash cut it off. A line never starts with a line feed, so a line feed at the start of
 * the buffer shows that this is done already. */
static void end_torn_line(struct journal *journal)
{
	if (!ends_torn(journal->path) || (journal->len > 0 && journal->buffer[0] == '\n'))
		return;
	memmove(journal->buffer + 1, journal->buffer, journal->len);
	journal->buffer[0] = '\n';
	journal->len++;
}

/* O_NONBLOCK is for a FIFO: without a reader open fails instead of blocking, and with a slow reader write fails. */
static int open_file(const char *path)
{
	if (strcmp(path, JOURNAL_STDOUT) == 0)
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

struct journal *journal_open(const char *path)
{
	int fd = open_file(path);
	if (fd < 0)
		return NULL;

	struct journal *journal = calloc(1, sizeof *journal);
	char *copy = strdup(path);
	if (!journal || !copy) {
		free(journal);
		free(copy);
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	journal->path = copy;
	journal->fd = fd;
	end_torn_line(journal);
	return journal;
}

static void consume(struct journal *journal, size_t len)
{
	journal->torn = journal->buffer[len - 1] != '\n';
	journal->len -= len;
	memmove(journal->buffer, journal->buffer + len, journal->len);
}

static void report_failure(struct journal *journal, const char *what)
{
	if (!journal->failing)
		log_error("journal %s: %s: %s; new lines are kept in memory, up to 256 KiB", journal->path, what,
			  strerror(errno));
	journal->failing = true;
}

static void report_recovery(struct journal *journal)
{
	if (!journal->failing)
		return;
	journal->failing = false;
	log_warning("journal %s: writing works again; %llu lines were lost", journal->path,
		    (unsigned long long)(journal->lost - journal->lost_reported));
	journal->lost_reported = journal->lost;
}

/* Drop the first len octets of the buffer. A line feed at the start ends a line of the file, so it does not count. */
static void drop(struct journal *journal, size_t len)
{
	for (size_t i = 1; i < len; i++)
		journal->lost += journal->buffer[i] == '\n';
	consume(journal, len);
}

/* Drop the rest of a line whose beginning is in the old file. */
static void drop_torn_rest(struct journal *journal)
{
	const char *end = memchr(journal->buffer, '\n', journal->len);
	if (journal->torn && end)
		drop(journal, (size_t)(end - journal->buffer) + 1);
}

/* Lines in a file without a name would be lost when it is closed. Returns false if no new one can be made. */
static bool replace_removed(struct journal *journal)
{
	struct stat st;
	int fd;

	if (journal->len == 0 || fstat(journal->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink > 0)
		return true;
	fd = open_file(journal->path);
	if (fd < 0)
		return false;
	log_warning("journal %s: was removed; a new one begins", journal->path);
	close(journal->fd);
	journal->fd = fd;
	drop_torn_rest(journal);
	end_torn_line(journal);
	return true;
}

/* A new or emptied file has no torn line that the buffer would have to end, or to go on with. */
static void begin_empty_file(struct journal *journal)
{
	struct stat st;

	if (journal->len == 0 || fstat(journal->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > 0)
		return;
	drop_torn_rest(journal);
	if (journal->len > 0 && journal->buffer[0] == '\n')
		drop(journal, 1);
}

bool journal_flush(struct journal *journal)
{
	if (!journal)
		return true;
	if (!replace_removed(journal)) {
		report_failure(journal, "was removed, and no new one can be made");
		return false;
	}
	begin_empty_file(journal);
	while (journal->len > 0) {
		ssize_t n = write(journal->fd, journal->buffer, journal->len);
		if (n > 0) {
			consume(journal, (size_t)n);
		} else if (n == 0 || errno != EINTR) {
			report_failure(journal, "cannot write");
			return false;
		}
	}
	report_recovery(journal);
	return true;
}

/* Append the line to the buffer. Returns false if there is no room. */
static bool append(struct journal *journal, const json_t *object)
{
	size_t room = sizeof journal->buffer - journal->len;
	size_t len = json_dumpb(object, journal->buffer + journal->len, room, JOURNAL_JSON_FLAGS);

	if (len == 0 || len + 1 >= room)
		return false;
	journal->len += len;
	journal->buffer[journal->len++] = '\n';
	journal->starving = false;
	return true;
}

/* A disk that fails reports its own losses. */
static void lose(struct journal *journal)
{
	journal->lost++;
	if (journal->failing)
		return;
	journal->lost_reported++;
	if (!journal->starving)
		log_error("journal %s: out of memory: a line was lost", journal->path);
	journal->starving = true;
}

void journal_write(struct journal *journal, json_t *object)
{
	if (journal && !append(journal, object)) {
		journal_flush(journal);
		if (!append(journal, object))
			lose(journal);
	}
	json_decref(object);
}

const char *journal_place(const struct journal *journal)
{
	return journal->path;
}

const char *journal_remedy(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "; its directory must exist";
	case EACCES:
		return "; this user must be able to write there, and a daemon that runs may write only to the "
		       "directory that its journal had at its start: restart it for another one";
	default:
		return "";
	}
}

bool journal_reopen(struct journal *journal)
{
	if (!journal)
		return true;
	journal_flush(journal);
	int fd = open_file(journal->path);
	if (fd < 0)
		return false;
	close(journal->fd);
	journal->fd = fd;
	drop_torn_rest(journal);
	end_torn_line(journal);
	return true;
}

bool journal_is_unread(const struct journal *journal)
{
	struct pollfd p = { .fd = journal ? journal->fd : -1 };

	return poll(&p, 1, 0) > 0 && p.revents & POLLERR;
}

uint64_t journal_lost(const struct journal *journal)
{
	return journal ? journal->lost : 0;
}

bool journal_close(struct journal *journal)
{
	if (!journal)
		return true;
	bool whole = journal_flush(journal);
	if (!whole) {
		drop(journal, journal->len);
		log_error("journal %s: closed; %llu lines were lost", journal->path,
			  (unsigned long long)(journal->lost - journal->lost_reported));
	}
	/* EINVAL: a pipe or device, which cannot be synced. */
	if (fsync(journal->fd) < 0 && errno != EINVAL) {
		log_error("journal %s: cannot sync: %s", journal->path, strerror(errno));
		whole = false;
	}
	close(journal->fd);
	free(journal->path);
	free(journal);
	return whole;
}
