/* Hide secret keys in text that is shown to people. A secret key in the wrong place of a command line or a
 * configuration would otherwise be quoted in the error about it. */
#ifndef FLOATPROBE_REDACT_H
#define FLOATPROBE_REDACT_H

/* Replace by asterisks what follows "floatprobe-secret:" and each other text that has the form of a 32-octet key in
 * base64 (at least 43 characters and '='), unless it follows "ed25519:", which is a public key. */
void redact(char *text);

#endif
