/* `floatprobe keygen` and `pubkey`. */
#ifndef FLOATPROBE_KEYS_H
#define FLOATPROBE_KEYS_H

/* Make an identity and its file (NULL: the default place), print the public key. Both return the exit status. */
int keys_generate(const char *path);
/* Print the public key of a secret key file. */
int keys_print_public(const char *path);

#endif
