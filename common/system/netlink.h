/* One question to the kernel over netlink (libmnl), and all of its answer. No privilege needed to ask. */
#ifndef FLOATPROBE_NETLINK_H
#define FLOATPROBE_NETLINK_H

#include "common/core/endpoint.h"

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

struct netlink;
struct netlink *netlink_open(int bus); /* NETLINK_ROUTE, NETLINK_SOCK_DIAG; NULL with errno */
void netlink_close(struct netlink *nl);

/* The head of a request; what follows (mnl_nlmsg_put_extra_header, mnl_attr_put) goes behind it. */
struct nlmsghdr *netlink_request(struct netlink *nl, uint16_t type, uint16_t flags);
/* Send the request, and give every message of the answer to `each` (NULL: none wanted). Returns 0 or -errno, the
 * kernel's own included; -EINTR: a dump was overtaken by changes, so ask again. After an error the rest of an answer
 * may still be on its way, and is then passed over by the next question. */
int netlink_ask(struct netlink *nl, mnl_cb_t each, void *data) __attribute__((warn_unused_result));

/* An attribute's value, where it is long enough to be one; else the fallback. */
uint32_t netlink_u32(const struct nlattr *attr, uint32_t fallback);
uint64_t netlink_u64(const struct nlattr *attr, uint64_t fallback);
/* The unknown address where the attribute is none of that family. */
struct endpoint netlink_address(int family, const struct nlattr *attr);
void netlink_put_address(struct nlmsghdr *header, uint16_t type, const struct endpoint *address);

#endif
