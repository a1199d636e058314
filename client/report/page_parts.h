/* page.css and page.js, as they are in the source tree. */
#ifndef FLOATPROBE_PAGE_PARTS_H
#define FLOATPROBE_PAGE_PARTS_H

extern const char page_parts_style[], page_parts_script[];

#endif
