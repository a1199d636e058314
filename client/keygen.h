/* `floatprobe keygen` and `pubkey`. */
#ifndef FLOATPROBE_KEYGEN_H
#define FLOATPROBE_KEYGEN_H

/* Make an identity and its file (NULL: the default place), print the public key. Both return the exit status. */
int keygen_generate(const char *path);
/* Print the public key of a secret key file. */
int keygen_print_public(const char *path);

#endif
