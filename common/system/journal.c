#include "common/system/journal.h"

#include "common/system/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room for minutes of a busy prober while the disk is full. */
enum { BUFFER_LEN = 256 * 1024 };

struct journal {
	char *path;
	int fd;
	bool torn;              /* what the file holds ends within the line that the buffer goes on with */
	bool failing;           /* reported already; until a flush succeeds */
	uint64_t lost;          /* ever */
	uint64_t lost_reported; /* of them, how many the log knows of */
	size_t len;
	char buffer[BUFFER_LEN + 1]; /* and a line end before the first line, see end_torn_line */
};

/* Does the file end in a line that a crash has cut off? Pipes and devices never do. */
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

/* Before our first line, end the one that a crash has left. A line of ours never starts with a line end, so one there
 * says that this was done. */
static void end_torn_line(struct journal *journal)
{
	if (!ends_torn(journal->path) || (journal->len > 0 && journal->buffer[0] == '\n'))
		return;
	memmove(journal->buffer + 1, journal->buffer, journal->len);
	journal->buffer[0] = '\n';
	journal->len++;
}

/* O_NONBLOCK is for a FIFO: without a reader it is refused instead of waited for, and a slow reader is a full disk. */
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

static void report_failure(struct journal *journal)
{
	if (!journal->failing)
		log_error("journal %s: %s; lines are kept as long as there is room for them", journal->path,
			  strerror(errno));
	journal->failing = true;
}

static void report_recovery(struct journal *journal)
{
	if (!journal->failing)
		return;
	journal->failing = false;
	log_warning("journal %s: written again; %llu lines lost", journal->path,
		    (unsigned long long)(journal->lost - journal->lost_reported));
	journal->lost_reported = journal->lost;
}

bool journal_flush(struct journal *journal)
{
	if (!journal)
		return true;
	while (journal->len > 0) {
		ssize_t n = write(journal->fd, journal->buffer, journal->len);
		if (n > 0) {
			consume(journal, (size_t)n);
		} else if (n == 0 || errno != EINTR) {
			report_failure(journal);
			return false;
		}
	}
	report_recovery(journal);
	return true;
}

/* Append the line to the buffer; false: there is no room. */
static bool append(struct journal *journal, const json_t *object)
{
	size_t room = sizeof journal->buffer - journal->len;
	size_t len = json_dumpb(object, journal->buffer + journal->len, room, JOURNAL_JSON_FLAGS);

	if (len == 0 || len + 1 >= room)
		return false;
	journal->len += len;
	journal->buffer[journal->len++] = '\n';
	return true;
}

void journal_write(struct journal *journal, json_t *object)
{
	if (journal && object && !append(journal, object)) {
		journal_flush(journal);
		if (!append(journal, object))
			journal->lost++;
	}
	json_decref(object);
}

/* Give up the first len octets of the buffer. A line end at their head belongs to a line that is in the file. */
static void give_up(struct journal *journal, size_t len)
{
	for (size_t i = 1; i < len; i++)
		journal->lost += journal->buffer[i] == '\n';
	consume(journal, len);
}

/* The line that the old file has in part: its rest would mean nothing at the head of the new one. */
static void give_up_torn_rest(struct journal *journal)
{
	const char *end = memchr(journal->buffer, '\n', journal->len);
	if (journal->torn && end)
		give_up(journal, (size_t)(end - journal->buffer) + 1);
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
	give_up_torn_rest(journal);
	end_torn_line(journal);
	return true;
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
		give_up(journal, journal->len);
		log_error("journal %s: closed; %llu lines lost", journal->path,
			  (unsigned long long)(journal->lost - journal->lost_reported));
	}
	/* EINVAL: a pipe or device, which has nothing to sync. */
	if (fsync(journal->fd) < 0 && errno != EINVAL) {
		log_error("journal %s: %s", journal->path, strerror(errno));
		whole = false;
	}
	close(journal->fd);
	free(journal->path);
	free(journal);
	return whole;
}
