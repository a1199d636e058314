/* Secret key files: one line "floatprobe-secret:" + base64 of the 32-octet seed, mode 0600; and the text form of
 * public keys: "ed25519:" + 44 characters of standard base64. */
#ifndef FLOATPROBE_KEYFILE_H
#define FLOATPROBE_KEYFILE_H

#include "common/core/seal.h"

#include <stdbool.h>
#include <stddef.h>

enum { KEYFILE_PUBLIC_LEN = 8 + 44 + 1, KEYFILE_ERROR_LEN = 320 };

/* Read and check: regular file, ours or root's, not readable by group or others, one line, a secret key (a public key
 * in its place is said to be one). false: error says what is wrong and what would be right, without the position. */
bool keyfile_read(const char *path, struct seal_identity *identity, char error[KEYFILE_ERROR_LEN])
    __attribute__((warn_unused_result));
/* Make a new identity and its file (0600; an existing file is never overwritten). */
bool keyfile_create(const char *path, struct seal_identity *identity, char error[KEYFILE_ERROR_LEN])
    __attribute__((warn_unused_result));

void keyfile_public_text(const uint8_t key[WIRE_KEY_LEN], char text[KEYFILE_PUBLIC_LEN]);
/* "ed25519:..." in, octets out; checks prefix, alphabet, padding, length. */
bool keyfile_public_parse(const char *text, uint8_t key[WIRE_KEY_LEN], char error[KEYFILE_ERROR_LEN])
    __attribute__((warn_unused_result));
/* Unpadded base64url, as in a floatprobe:// URI. */
bool keyfile_public_parse_url(const char *text, size_t len, uint8_t key[WIRE_KEY_LEN], char error[KEYFILE_ERROR_LEN])
    __attribute__((warn_unused_result));

#endif
