/* `floatprobe keygen` and `pubkey`. */
#ifndef FLOATPROBE_KEYS_H
#define FLOATPROBE_KEYS_H

/* Where a key is kept if nobody says where: $XDG_CONFIG_HOME/floatprobe/key, else ~/.config/floatprobe/key.
 * The caller frees it; NULL: no memory, or there is no home directory (HOME is not set). */
char *keys_default_path(void);

/* Make an identity and its file (NULL: the default place), print the public key. Both return the exit status. */
int keys_generate(const char *path);
/* Print the public key of a secret key file. */
int keys_print_public(const char *path);

#endif
