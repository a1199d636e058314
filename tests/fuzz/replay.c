/* The main of a fuzz target in a build without libFuzzer: runs every file of the directories (or the files) named on
 * the command line through it once. Each input is an allocation of exactly its size, so that a sanitizer or valgrind
 * sees a read beyond it. Options are libFuzzer's and mean nothing here. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_LEN = 4096 };

static uint8_t *read_all(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	if (!f || fstat(fileno(f), &st) != 0) {
		perror(path);
		exit(1);
	}
	*size = (size_t)st.st_size;
	uint8_t *data = malloc(*size ? *size : 1);
	if (!data || fread(data, 1, *size, f) != *size) {
		fprintf(stderr, "%s: cannot be read whole\n", path);
		exit(1);
	}
	fclose(f);
	return data;
}

static unsigned replay_file(const char *path)
{
	size_t size;
	uint8_t *data = read_all(path, &size);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 1;
}

static unsigned replay(const char *path)
{
	DIR *dir = opendir(path);
	if (!dir)
		return replay_file(path);
	unsigned count = 0;
	for (const struct dirent *entry; (entry = readdir(dir));) {
		char name[PATH_LEN];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		count += replay_file(name);
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	unsigned count = 0;
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			count += replay(argv[i]);
	}
	printf("%u inputs\n", count);
	return count > 0 ? 0 : 1;
}
