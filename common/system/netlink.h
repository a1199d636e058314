/* Netlink requests and their complete responses, see netlink(7). Built on libmnl. Reading needs no privilege. */
#ifndef FLOATPROBE_NETLINK_H
#define FLOATPROBE_NETLINK_H

#include "common/core/endpoint.h"

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

struct netlink;
/* bus: NETLINK_ROUTE or NETLINK_SOCK_DIAG. Returns NULL with errno set on an error. */
struct netlink *netlink_open(int bus);
void netlink_close(struct netlink *nl);

/* Start a request; append to it with mnl_nlmsg_put_extra_header and mnl_attr_put. nl owns it. A request that is not a
 * dump gets NLM_F_ACK, so that every response has an end. */
struct nlmsghdr *netlink_request(struct netlink *nl, uint16_t type, uint16_t flags);
/* Send the request and call `each` (may be NULL) for every message of the response. Returns 0 or -errno, from the
 * socket or from the kernel's response. -EINTR: the table changed during a dump, so ask again. Messages that still
 * arrive after an error are skipped by the next call. */
int netlink_ask(struct netlink *nl, mnl_cb_t each, void *data) __attribute__((warn_unused_result));

/* The value of an attribute, or fallback if attr is NULL or too short. */
uint32_t netlink_u32(const struct nlattr *attr, uint32_t fallback);
uint64_t netlink_u64(const struct nlattr *attr, uint64_t fallback);
/* The address in an attribute; unknown if attr is NULL, too short, or family is neither AF_INET nor AF_INET6. */
struct endpoint netlink_address(int family, const struct nlattr *attr);
void netlink_put_address(struct nlmsghdr *header, uint16_t type, const struct endpoint *address);

#endif
