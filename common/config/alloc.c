#include "common/config/alloc.h"

#include "common/system/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory)
{
	if (memory)
		return memory;
	log_error("out of memory");
	exit(3);
}

void *alloc_zero(size_t count, size_t size)
{
	return checked(calloc(count ? count : 1, size));
}

void *alloc_resize(void *items, size_t count, size_t size)
{
	return checked(reallocarray(items, count ? count : 1, size));
}

char *alloc_text(const char *text)
{
	return checked(strdup(text));
}

char *alloc_format(const char *format, ...)
{
	char *text;
	va_list args;
	va_start(args, format);
	int len = vasprintf(&text, format, args);
	va_end(args);
	return checked(len < 0 ? NULL : text);
}
