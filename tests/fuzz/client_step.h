/* The language of inputs of fuzz_client: steps of 16 octets, some followed by octets of their own. make_seeds writes
 * it. */
#ifndef FLOATPROBE_FUZZ_CLIENT_STEP_H
#define FLOATPROBE_FUZZ_CLIENT_STEP_H

enum {
	STEP_ACTION = 0,
	STEP_WHICH = 1, /* of the newest requests; PASS: time goes on by 2^(this % 35) ns */
	STEP_WHO = 2,
	STEP_STATUS = 3,
	STEP_FLAGS = 4, /* of the reply; the type, or the result, of an error */
	STEP_XOR = 5,   /* of the octet at .. */
	STEP_PATCH = 6, /* 2 */
	STEP_FIRST = 8, /* receipts: first number, how far the newest one is, and which of the last 32 */
	STEP_NEWEST = 9,
	STEP_RECEIVED = 10, /* 4 */
	STEP_LEN = 14,      /* 2: of what follows */
	STEP_SIZE = 16,
};

enum {                            /* STEP_WHO; bits 0-1: who replies */
       STEP_ELSEWHERE = 0x04,     /* from another address; the end of a connection: it was made */
       STEP_PATCHED_LATE = 0x08,  /* after it is sealed; the end of a connection: the request was delivered */
       STEP_OWN_ANSWER = 0x10,    /* a witness answers in its own name */
       STEP_NUMBERED = 0x20,      /* flow ids in evidence are numbers of paths */
       STEP_OF_QUERIES = 0x40,    /* of the newest queries */
       STEP_OF_CONNECTIONS = 0x80 /* of the newest connections that have not ended */
};

enum action { PASS, REPLY, RAW, ERROR, END, UNSENT, RETURN, LEFT, ACTIONS };

#endif
