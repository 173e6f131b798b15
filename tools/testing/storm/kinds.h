/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kinds of operations. Each takes ports in its own way, and leaves what it opened in the
 * pool or closes it in its own way. They return 0, -errno or TALLY_SKIPPED.
 */
#ifndef STORM_KINDS_H
#define STORM_KINDS_H

struct worker;

unsigned int kinds_number(void);
const char *kinds_name(unsigned int kind);
int kinds_select(const char *list);
void kinds_run(struct worker *w);
int kinds_run_inner(struct worker *w);

/* connect.c: ways to connect */
int connect_plain(struct worker *w);
int connect_refused(struct worker *w);
int connect_bound(struct worker *w);
int connect_no_port(struct worker *w);
int connect_shared_port(struct worker *w);
int connect_again(struct worker *w);
int connect_cancelled(struct worker *w);
int connect_fast_open(struct worker *w);
int connect_mptcp(struct worker *w);

/* hold.c: a port without a connection of one's own */
int hold_bind0(struct worker *w);
int hold_explicit(struct worker *w);
int hold_listen(struct worker *w);
int hold_listen_twice(struct worker *w);
int hold_children(struct worker *w);
int hold_shared_listen(struct worker *w);
int hold_full_backlog(struct worker *w);

/* teardown.c: ways for a connection to end */
int teardown_client_first(struct worker *w);
int teardown_server_first(struct worker *w);
int teardown_both(struct worker *w);
int teardown_reset(struct worker *w);
int teardown_reset_by_server(struct worker *w);
int teardown_half_close(struct worker *w);
int teardown_half_close_by_server(struct worker *w);
int teardown_stalled(struct worker *w);
int teardown_pool(struct worker *w);

/* udp.c */
int udp_connect(struct worker *w);
int udp_send(struct worker *w);
int udp_bind0(struct worker *w);
int udp_explicit(struct worker *w);
int udp_shared_port(struct worker *w);
int udp_disconnect(struct worker *w);

/* odd.c: seldom seen */
int odd_family_tcp(struct worker *w);
int odd_family_udp(struct worker *w);
int odd_narrow_range(struct worker *w);
int odd_no_address(struct worker *w);

/* process.c: who has a socket open */
int process_fork(struct worker *w);
int process_pass(struct worker *w);

/* thread.c: several at once in one process */
int thread_several(struct worker *w);
int thread_race(struct worker *w);

/* destroy.c: ended from outside */
int destroy_held(struct worker *w);
int destroy_time_wait(struct worker *w);

#endif
