/* Is this program built with AddressSanitizer? It makes system calls of its own, and replaces some of libc's functions.
 */
#ifndef FLOATPROBE_SANITIZED_H
#define FLOATPROBE_SANITIZED_H

#if defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#endif
