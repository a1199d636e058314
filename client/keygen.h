/* `floatprobe keygen` and `pubkey`. */
#ifndef FLOATPROBE_KEYGEN_H
#define FLOATPROBE_KEYGEN_H

/* Generate a key, write it to path (NULL: the default path) and print the public key. Returns the exit status. */
int keygen_generate(const char *path);
/* Print the public key of a secret key file (NULL: the one in the default places). Returns the exit status. */
int keygen_print_public(const char *path);

#endif
