// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is done when an allocation failed: soon, but not by the one that was refused.
 *
 * The first failure of a protocol in a namespace goes out as an alert at once, those that
 * follow at most once a second. An incident is over when none came for a minute; at the
 * beginning of each a picture is taken (box.c), and every ten minutes while it lasts.
 *
 * Users can have any number of namespaces in which that is so: there is a pause between their
 * pictures, and half of the places in the queue are the host's alone.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "alert.h"
#include "box.h"
#include "failure.h"
#include "incident.h"
#include "spare.h"

#define ALERT_EVERY	NSEC_PER_SEC
#define QUIET		(60 * NSEC_PER_SEC)
#define PICTURE_EVERY	(600 * NSEC_PER_SEC)
#define QUEUE		16

/* A failure that is to be attended to. */
struct incident {
	struct ephports_failure failure;
	bool picture;
};

static DEFINE_RAW_SPINLOCK(queue_lock);	/* interrupts off */
static struct incident queue[QUEUE];
static u32 queued;
static bool ready;

static void attend(struct work_struct *work);
static DECLARE_DELAYED_WORK(attendance, attend);
static void find_holders(struct work_struct *work);
static DECLARE_DELAYED_WORK(finding, find_holders);
static unsigned long not_before = INITIAL_JIFFIES;	/* the next finding */
static unsigned long no_guest_before = INITIAL_JIFFIES;	/* the next picture of a user's namespace */

/* After what goes over all records, begun then: it may be repeated so soon, and no sooner. */
static unsigned long end_of_pause(unsigned long start)
{
	return jiffies + max_t(unsigned long, HZ, EPHPORTS_SPARE * (jiffies - start));
}

/* Preemption off, perhaps interrupts off; after ephports_incident_exit() nothing is called for. */
static void call(struct delayed_work *work, unsigned long delay)
{
	rcu_read_lock();
	if (READ_ONCE(ready))
		queue_delayed_work(system_long_wq, work, delay);
	rcu_read_unlock();
}

static bool enqueue(const struct ephports_record *rec, const struct ephports_sock *sock, u64 now,
		    bool picture)
{
	unsigned long flags;
	bool fits;

	raw_spin_lock_irqsave(&queue_lock, flags);
	fits = queued < (rec->flags & EPHPORTS_F_GUEST ? QUEUE / 2 : QUEUE);
	if (fits)
		queue[queued++] = (struct incident) {
			.failure = {
				.rec = *rec,
				.sock = *sock,
				.count = 1,
				.first = now,
				.last = now,
			},
			.picture = picture,
		};
	raw_spin_unlock_irqrestore(&queue_lock, flags);
	return fits;
}

static bool dequeue(struct incident *incident)
{
	unsigned long flags;
	bool some;

	raw_spin_lock_irqsave(&queue_lock, flags);
	some = queued;
	if (some) {
		*incident = queue[0];
		memmove(queue, queue + 1, --queued * sizeof(*queue));
	}
	raw_spin_unlock_irqrestore(&queue_lock, flags);
	return some;
}

/**
 * ephports_incident_failed() - no port was free
 * @ns: in this namespace
 * @proto: of this protocol
 * @rec: who asked
 * @sock: from where, towards whom
 * @now: ns of CLOCK_BOOTTIME
 *
 * Context: process context of the one that was refused; no sleep.
 */
void ephports_incident_failed(struct ephports_ns *ns, enum ephports_proto proto,
			      const struct ephports_record *rec, const struct ephports_sock *sock,
			      u64 now)
{
	struct ephports_incidents *seen = &ns->incidents[proto];
	u64 last = atomic64_read(&seen->called);
	bool picture;

	if ((last && now < last + ALERT_EVERY) ||
	    atomic64_cmpxchg(&seen->called, last, now) != last)
		return;
	picture = !READ_ONCE(seen->pictured) || now > last + QUIET ||
		  now > READ_ONCE(seen->pictured) + PICTURE_EVERY;
	if (picture)
		WRITE_ONCE(seen->pictured, now);
	if (!enqueue(rec, sock, now, picture)) {
		if (picture)
			WRITE_ONCE(seen->pictured, 0);
		atomic64_set(&seen->called, 0);
	}
	call(&attendance, 0);
}

/**
 * ephports_incident_conflict() - a port that was asked for by number was not free
 *
 * Context: as above.
 */
void ephports_incident_conflict(void)
{
	unsigned long when = READ_ONCE(not_before);

	call(&finding, time_before(jiffies, when) ? when - jiffies : 0);
}

static void take_picture(struct net *net, const struct ephports_failure *failure)
{
	bool guest = failure->rec.flags & EPHPORTS_F_GUEST;
	unsigned long start = jiffies;

	if (guest && time_before(start, no_guest_before)) {
		/* The next failure asks once more. */
		WRITE_ONCE(ephports_ns(net)->
			   incidents[ephports_proto_of(failure->rec.proto)].pictured, 0);
		return;
	}
	ephports_box_picture(net, failure);
	if (guest)
		no_guest_before = end_of_pause(start);
}

/* Context: process context, sleeps. */
static void attend(struct work_struct *unused)
{
	struct incident incident;
	struct net *net;

	while (dequeue(&incident)) {
		net = ephports_ns_get_by_id(incident.failure.rec.nsid);
		if (!net)
			continue;
		ephports_alert_failure(net, &incident.failure);
		if (incident.picture)
			take_picture(net, &incident.failure);
		put_net(net);
	}
}

/* All records are gone over: once a second at most, however many calls are refused. */
static void find_holders(struct work_struct *unused)
{
	unsigned long start = jiffies;

	/* It may have been called for while it was running. */
	if (time_before(start, not_before)) {
		call(&finding, not_before - start);
		return;
	}
	ephports_failure_find_holders();
	WRITE_ONCE(not_before, end_of_pause(start));
}

int ephports_incident_init(void)
{
	WRITE_ONCE(ready, true);
	call(&attendance, 0);	/* the probes have been at work for a while */
	call(&finding, 0);
	return 0;
}

/**
 * ephports_incident_exit() - attend to nothing any more
 *
 * Context: process context, sleeps; allocations may still fail.
 */
void ephports_incident_exit(void)
{
	WRITE_ONCE(ready, false);
	synchronize_rcu();
	cancel_delayed_work_sync(&attendance);
	cancel_delayed_work_sync(&finding);
}
