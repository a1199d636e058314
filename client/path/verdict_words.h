/* The words of a verdict: state, direction and cause. */
#ifndef FLOATPROBE_VERDICT_WORDS_H
#define FLOATPROBE_VERDICT_WORDS_H

#define VERDICT_STATES(X) X(UNKNOWN, "unknown") X(UP, "up") X(LOSSY, "lossy") X(DOWN, "down")
enum verdict_state {
#define X(name, word) VERDICT_##name,
	VERDICT_STATES(X)
#undef X
};
const char *verdict_state_word(enum verdict_state state);

#define VERDICT_DIRECTIONS(X)                                                                                          \
	X(NONE, "none") X(FORWARD, "forward") X(RETURN, "return") X(BOTH, "both") X(UNKNOWN, "unknown")
enum verdict_direction {
#define X(name, word) VERDICT_DIRECTION_##name,
	VERDICT_DIRECTIONS(X)
#undef X
};
const char *verdict_direction_word(enum verdict_direction direction);

/* The causes, in the order of docs/CAUSES.md. X-macro: name, word. */
#define VERDICT_CAUSES(X)                                                                                              \
	X(NONE, "none")                                                                                                \
	X(UNEXPLAINED, "unexplained")                                                                                  \
	X(UNPINNED_REPLY, "unpinned-reply")                                                                            \
	X(WRONG_SOURCE, "wrong-source")                                                                                \
	X(STALE_NEIGHBOUR, "stale-neighbour")                                                                          \
	X(DUPLICATE_ADDRESS, "duplicate-address")                                                                      \
	X(FAILOVER, "failover")                                                                                        \
	X(STUCK_FLOW, "stuck-flow")                                                                                    \
	X(FIRST_PACKET_ONLY, "first-packet-only")                                                                      \
	X(SOME_PORTS, "some-ports")                                                                                    \
	X(SIZE_LIMIT, "size-limit")                                                                                    \
	X(DATA_FILTERED, "data-filtered")                                                                              \
	X(PROTOCOL_FILTERED, "protocol-filtered")                                                                      \
	X(REFUSED, "refused")                                                                                          \
	X(UNREACHABLE, "unreachable")                                                                                  \
	X(PROHIBITED, "prohibited")                                                                                    \
	X(SERVER_DOWN, "server-down")                                                                                  \
	X(HOLDER_DOWN, "holder-down")                                                                                  \
	X(NOT_ASSIGNED, "not-assigned")                                                                                \
	X(MISDELIVERED, "misdelivered")                                                                                \
	X(SERVER_FIREWALL, "server-firewall")                                                                          \
	X(BAD_CHECKSUM, "bad-checksum")                                                                                \
	X(IMPOSTOR, "impostor")                                                                                        \
	X(NOT_AUTHORISED, "not-authorised")                                                                            \
	X(CLOCK_SKEW, "clock-skew")                                                                                    \
	X(LOCAL, "local")
enum verdict_cause {
#define X(name, word) VERDICT_CAUSE_##name,
	VERDICT_CAUSES(X)
#undef X
	    VERDICT_CAUSES_LEN
};
const char *verdict_cause_word(enum verdict_cause cause);

#endif
