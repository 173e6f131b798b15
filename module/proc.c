// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/ephports: the records of the network namespace of whoever opened it, one a line.
 *
 * An open file holds the namespace's number, not the namespace. Each open file has its own
 * place in the pool, so that any number of readers, in pieces of any size, get each
 * record once and each line whole.
 */
#include <linux/namei.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include <linux/ephports.h>

#include "log.h"
#include "proc.h"
#include "view.h"
#include "watch.h"

/**
 * struct reader - an open file
 * @view: its rights, fixed when it was opened
 * @cursor: where it stands
 * @index: of the line that @row is, the header being 0
 * @row: the line that was shown last, kept in case it has to be shown again
 */
struct reader {
	struct ephports_view view;
	struct ephports_cursor cursor;
	loff_t index;
	struct ephports_row row;
};

static const struct ephports_filter any = EPHPORTS_FILTER_ANY;

/* Move on to line @pos, from the start if that is the only way there. */
static void *seek_row(struct reader *reader, loff_t pos)
{
	if (pos < reader->index || !reader->index) {
		memset(&reader->cursor, 0, sizeof(reader->cursor));
		reader->index = 0;
	}
	while (reader->index < pos) {
		if (!ephports_view_next(&reader->view, &any, &reader->cursor, &reader->row))
			return NULL;
		reader->index++;
	}
	return &reader->row;
}

static void *start_rows(struct seq_file *m, loff_t *pos)
{
	struct reader *reader = m->private;

	if (*pos)
		return seek_row(reader, *pos);
	reader->index = 0;
	return SEQ_START_TOKEN;
}

static void *next_row(struct seq_file *m, void *v, loff_t *pos)
{
	return seek_row(m->private, ++*pos);
}

static void stop_rows(struct seq_file *m, void *v)
{
}

/* All that is not printable ASCII, blanks and backslashes as \ooo; nothing at all as \000. */
static void put_escaped(struct seq_file *m, const char *s)
{
	if (!*s)
		seq_puts(m, "\\000");
	for (; *s; s++) {
		if (*s <= ' ' || *s > '~' || *s == '\\')
			seq_printf(m, "\\%03o", (unsigned char)*s);
		else
			seq_putc(m, *s);
	}
}

/* Numbers are put without a format: to interpret those was half of what a line cost. */
static void put_address(struct seq_file *m, u8 family, const struct in6_addr *addr)
{
	const u8 *bytes = addr->s6_addr;

	if (family == AF_INET6) {
		seq_printf(m, " %pI6c", addr);
		return;
	}
	seq_put_decimal_ull(m, " ", bytes[0]);
	seq_put_decimal_ull(m, ".", bytes[1]);
	seq_put_decimal_ull(m, ".", bytes[2]);
	seq_put_decimal_ull(m, ".", bytes[3]);
}

static void put_socket(struct seq_file *m, const struct ephports_row *row)
{
	const struct ephports_sock *sock = &row->sock;

	if (!sock->family) {
		seq_put_decimal_ull(m, " - - ", row->rec.port);
		seq_puts(m, " - - -");
		return;
	}
	seq_puts(m, sock->family == AF_INET6 ? " ipv6" : " ipv4");
	put_address(m, sock->family, &sock->local);
	seq_put_decimal_ull(m, " ", row->rec.port);
	if (sock->peer_port) {
		put_address(m, sock->family, &sock->peer);
		seq_put_decimal_ull(m, " ", sock->peer_port);
	} else {
		seq_puts(m, " - -");
	}
	if (sock->ifindex)
		seq_put_decimal_ull(m, " ", sock->ifindex);
	else
		seq_puts(m, " -");
}

static void put_owner(struct seq_file *m, const struct ephports_row *row)
{
	static const char *const reasons[] = {
		[EPHPORTS_REASON_ADOPTED]	= "adopted",
		[EPHPORTS_REASON_KERNEL]	= "kernel",
		[EPHPORTS_REASON_HIDDEN]	= "hidden",
	};
	const struct ephports_told *told = &row->told;

	if (told->has_uid)
		seq_put_decimal_ull(m, " ", told->uid);
	else
		seq_puts(m, " -");
	if (told->reason) {
		seq_printf(m, " - %s - -", reasons[told->reason]);
		return;
	}
	seq_put_decimal_ull(m, " ", told->pid);
	seq_put_decimal_ull(m, " - ", row->rec.owner.cgroup);
	seq_putc(m, ' ');
	put_escaped(m, row->rec.owner.comm);
}

static void put_word(struct seq_file *m, const char *word)
{
	seq_putc(m, ' ');
	seq_puts(m, word);
}

static int show_row(struct seq_file *m, void *v)
{
	const struct ephports_row *row = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "# ephports 1: id proto family local_addr local_port peer_addr peer_port ifindex state origin age_ns uid pid owner_reason cgroup_id comm\n");
		return 0;
	}
	seq_put_decimal_ull(m, "", row->rec.id);
	seq_puts(m, row->rec.proto == IPPROTO_TCP ? " tcp" : " udp");
	put_socket(m, row);
	put_word(m, ephports_view_state(row->sock.state));
	put_word(m, ephports_view_origin(row->rec.origin));
	if (row->rec.flags & EPHPORTS_F_ADOPTED)
		seq_puts(m, " -");
	else
		seq_put_decimal_ull(m, " ", ephports_view_age(row));
	put_owner(m, row);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations row_ops = {
	.start	= start_rows,
	.next	= next_row,
	.stop	= stop_rows,
	.show	= show_row,
};

static int open_rows(struct inode *inode, struct file *file)
{
	const struct net *net = current->nsproxy->net_ns;
	struct reader *reader;
	int err;

	err = ephports_watch_catch_up(net, file_ns_capable(file, &init_user_ns, CAP_NET_ADMIN));
	if (err)
		return err;
	reader = __seq_open_private(file, &row_ops, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->view.nsid = ephports_ns(net)->id;
	reader->view.scope = ephports_ns_scope(net);
	reader->view.users = file->f_cred->user_ns;
	reader->view.pids = proc_pid_ns(inode->i_sb);
	reader->view.uid = file->f_cred->euid;
	reader->view.admin = file_ns_capable(file, net->user_ns, CAP_NET_ADMIN);
	return 0;
}

static const struct proc_ops file_ops = {
	.proc_open	= open_rows,
	.proc_read_iter	= seq_read_iter,
	.proc_lseek	= seq_lseek,
	.proc_release	= seq_release_private,
};

/*
 * Whether somebody else has the name already: creating it a second time is a bug to procfs,
 * which it reports with a warning. Looked for where the loader sees /proc; who loads
 * modules without one gets the warning.
 */
static bool is_name_taken(void)
{
	struct path path;

	if (kern_path("/proc/ephports", 0, &path))
		return false;
	path_put(&path);
	return true;
}

/**
 * ephports_proc_init() - create /proc/ephports
 *
 * Return: 0, -EEXIST, -ENOMEM.
 */
int ephports_proc_init(void)
{
	if (is_name_taken()) {
		ephports_err("not loaded: another module has created /proc/ephports; find it with lsmod and remove it");
		return -EEXIST;
	}
	return proc_create("ephports", 0444, NULL, &file_ops) ? 0 : -ENOMEM;
}

/**
 * ephports_proc_exit() - remove it; open files read nothing more
 */
void ephports_proc_exit(void)
{
	remove_proc_entry("ephports", NULL);
}
