/* Secret key files and the text form of public keys.
 *
 * A secret key file is one line, "floatprobe-secret:" and the 32-octet seed in base64, with mode 0600.
 * A public key is "ed25519:" and 44 characters of standard base64 (RFC 4648, 4).
 * On an error the functions return false; `error` says what is wrong and how to correct it. */
#ifndef FLOATPROBE_KEYFILE_H
#define FLOATPROBE_KEYFILE_H

#include "common/core/seal.h"

#include <stdbool.h>
#include <stddef.h>

enum { KEYFILE_PUBLIC_LEN = 8 + 44 + 1, KEYFILE_URL_LEN = 43 + 1, KEYFILE_ERROR_LEN = 320 };

/* Read a secret key. The file must be a regular file that belongs to the effective user or to root, and that only root,
 * this user and, if the file is root's or read-only, this process's groups can read. */
bool keyfile_read(const char *path, struct seal_identity *identity, char error[KEYFILE_ERROR_LEN])
    __attribute__((warn_unused_result));
/* Create a new identity and its file. An existing file is never overwritten. */
bool keyfile_create(const char *path, struct seal_identity *identity, char error[KEYFILE_ERROR_LEN])
    __attribute__((warn_unused_result));

void keyfile_public_text(const uint8_t key[WIRE_KEY_LEN], char text[KEYFILE_PUBLIC_LEN]);
/* Parse "ed25519:...". `error` follows the name of the key in a message. A key that seal_pair_for_client would
 * refuse is an error. */
bool keyfile_public_parse(const char *text, uint8_t key[WIRE_KEY_LEN], char error[KEYFILE_ERROR_LEN])
    __attribute__((warn_unused_result));
/* The same without a look at whether the key is usable, which takes a tenth of a millisecond: for a key in use. */
bool keyfile_public_decode(const char *text, uint8_t key[WIRE_KEY_LEN], char error[KEYFILE_ERROR_LEN])
    __attribute__((warn_unused_result));
bool keyfile_public_usable(const uint8_t key[WIRE_KEY_LEN], char error[KEYFILE_ERROR_LEN])
    __attribute__((warn_unused_result));
/* Parse the key of a floatprobe:// URI: 43 characters of unpadded base64url (RFC 4648, 5). Standard base64, padding and
 * "ed25519:" are accepted, too. */
bool keyfile_public_parse_url(const char *text, size_t len, uint8_t key[WIRE_KEY_LEN], char error[KEYFILE_ERROR_LEN])
    __attribute__((warn_unused_result));
void keyfile_public_text_url(const uint8_t key[WIRE_KEY_LEN], char text[KEYFILE_URL_LEN]);

#endif
