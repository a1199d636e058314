#include "client/report/page_parts.h"

#define EMBED(symbol, file)                                                                                            \
	__asm__(".pushsection .rodata\n"                                                                               \
		".global " #symbol "\n" #symbol ":\n"                                                                  \
		".incbin \"" PAGE_DIRECTORY "/" file "\"\n"                                                            \
		".byte 0\n"                                                                                            \
		".popsection\n")

EMBED(page_parts_style, "page.css");
EMBED(page_parts_script, "page.js");
