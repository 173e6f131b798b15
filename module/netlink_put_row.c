// SPDX-License-Identifier: GPL-2.0-only
/* One record, and one owner, as attributes. */
#include <linux/sched.h>
#include <net/netlink.h>

#include <linux/ephports.h>

#include "attrs.h"
#include "netlink_put.h"
#include "view.h"

/* Types are bits of a mask. */
static_assert(EPHPORTS_A_PORT_MAX < 32 && EPHPORTS_A_OWNER_MAX < 32 &&
	      EPHPORTS_A_FAILURE_MAX < 32);

#define MOST_U8		nla_total_size(1)
#define MOST_U16	nla_total_size(2)
#define MOST_U32	nla_total_size(4)
#define MOST_U64	nla_total_size_64bit(8)
#define MOST_ADDRESS	nla_total_size(16)

/* uid, reason, netns, pid, tid, comm, cgroup */
#define MOST_WHO	(4 * MOST_U32 + MOST_U8 + nla_total_size(TASK_COMM_LEN) + MOST_U64)

/* family, two addresses, interface, peer's port */
#define MOST_SOCKET	(MOST_U8 + 2 * MOST_ADDRESS + MOST_U32 + MOST_U16)

/* protocol, state, origin; port; id, cookie, namespace, two times */
#define MOST_ROW	(3 * MOST_U8 + MOST_U16 + 5 * MOST_U64 + MOST_SOCKET + MOST_WHO)

static __always_inline void add_who(struct ephports_attrs *attrs,
				    const struct ephports_who_attrs *types,
				    const struct ephports_record *rec,
				    const struct ephports_told *told)
{
	if (told->has_uid)
		ephports_attrs_u32(attrs, types->uid, told->uid);
	ephports_attrs_u8(attrs, types->reason, told->reason);
	ephports_attrs_u32(attrs, types->netns, rec->netns);
	if (told->reason)
		return;
	ephports_attrs_u32(attrs, types->pid, told->pid);
	if (types->tid && told->tid)
		ephports_attrs_u32(attrs, types->tid, told->tid);
	ephports_attrs_text(attrs, types->comm, rec->owner.comm, sizeof(rec->owner.comm));
	ephports_attrs_u64(attrs, types->cgroup, rec->owner.cgroup, types->pad);
}

/**
 * ephports_put_who() - who an owner is, as far as the reader is told
 * @skb: the answer
 * @types: under which numbers
 * @rec: a record of the owner
 * @told: what of it is for this reader
 *
 * Return: 0, or -EMSGSIZE with nothing put.
 */
int ephports_put_who(struct sk_buff *skb, const struct ephports_who_attrs *types,
		     const struct ephports_record *rec, const struct ephports_told *told)
{
	struct ephports_attrs attrs;

	if (!ephports_attrs_begin(&attrs, skb, MOST_WHO, EPHPORTS_ATTRS_ALL))
		return -EMSGSIZE;
	add_who(&attrs, types, rec, told);
	ephports_attrs_end(&attrs);
	return 0;
}

static __always_inline void add_socket(struct ephports_attrs *attrs,
				       const struct ephports_sock *sock)
{
	if (!sock->family)
		return;
	ephports_attrs_u8(attrs, EPHPORTS_A_PORT_FAMILY, sock->family);
	ephports_attrs_address(attrs, EPHPORTS_A_PORT_LOCAL_ADDR, sock->family, &sock->local);
	if (sock->ifindex)
		ephports_attrs_u32(attrs, EPHPORTS_A_PORT_IFINDEX, sock->ifindex);
	if (!sock->peer_port)
		return;
	ephports_attrs_address(attrs, EPHPORTS_A_PORT_PEER_ADDR, sock->family, &sock->peer);
	ephports_attrs_u16(attrs, EPHPORTS_A_PORT_PEER_PORT, sock->peer_port);
}

static __always_inline void add_row(struct ephports_attrs *attrs, const struct ephports_row *row)
{
	static const struct ephports_who_attrs who = {
		.uid	= EPHPORTS_A_PORT_UID,
		.reason	= EPHPORTS_A_PORT_REASON,
		.pid	= EPHPORTS_A_PORT_PID,
		.tid	= EPHPORTS_A_PORT_TID,
		.comm	= EPHPORTS_A_PORT_COMM,
		.cgroup	= EPHPORTS_A_PORT_CGROUP,
		.netns	= EPHPORTS_A_PORT_NETNS,
		.pad	= EPHPORTS_A_PORT_PAD,
	};
	const struct ephports_record *rec = &row->rec;

	ephports_attrs_u64(attrs, EPHPORTS_A_PORT_ID, rec->id, EPHPORTS_A_PORT_PAD);
	ephports_attrs_u8(attrs, EPHPORTS_A_PORT_PROTO, rec->proto);
	ephports_attrs_u16(attrs, EPHPORTS_A_PORT_LOCAL_PORT, rec->port);
	ephports_attrs_u8(attrs, EPHPORTS_A_PORT_STATE, row->sock.state);
	ephports_attrs_u8(attrs, EPHPORTS_A_PORT_ORIGIN, rec->origin);
	ephports_attrs_u64(attrs, EPHPORTS_A_PORT_COOKIE, rec->cookie, EPHPORTS_A_PORT_PAD);
	ephports_attrs_u64(attrs, EPHPORTS_A_PORT_NSID, rec->nsid, EPHPORTS_A_PORT_PAD);
	add_socket(attrs, &row->sock);
	add_who(attrs, &who, rec, &row->told);
	if (rec->handed && ephports_attrs_wants(attrs, EPHPORTS_A_PORT_TIME_WAIT))
		ephports_attrs_u64(attrs, EPHPORTS_A_PORT_TIME_WAIT, ephports_view_time_wait(row),
				   EPHPORTS_A_PORT_PAD);
	if (!(rec->flags & EPHPORTS_F_ADOPTED) && ephports_attrs_wants(attrs, EPHPORTS_A_PORT_AGE))
		ephports_attrs_u64(attrs, EPHPORTS_A_PORT_AGE, ephports_view_age(row),
				   EPHPORTS_A_PORT_PAD);
}

/**
 * ephports_put_row() - one record
 * @skb: the answer
 * @row: as its reader may see it
 * @wanted: mask of BIT(EPHPORTS_A_PORT_*); EPHPORTS_ATTRS_ALL
 *
 * Return: 0, or -EMSGSIZE with nothing put.
 */
int ephports_put_row(struct sk_buff *skb, const struct ephports_row *row, u32 wanted)
{
	struct ephports_attrs attrs;

	if (!ephports_attrs_begin(&attrs, skb, MOST_ROW, wanted))
		return -EMSGSIZE;
	add_row(&attrs, row);
	ephports_attrs_end(&attrs);
	return 0;
}
