// SPDX-License-Identifier: GPL-2.0
/* ephstat top on the terminal: keys, colours, and leaving it as it was. */
#include <curses.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "health.h"
#include "tty.h"
#include "top.h"
#include "util.h"

#define REDRAW	('L' & 0x1f)	/* Ctrl-L, for when something else wrote to the terminal */

enum {
	PAIR_CRITICAL = 1,
	PAIR_WARNING,
	PAIR_NOTICE,
};

struct screen {
	struct top *top;
	struct tty tty;
	unsigned int first;		/* row on the screen */
	bool help;
	bool typing;			/* a filter */
	char typed[sizeof(((struct top *)NULL)->words)];
	char note[sizeof(((struct error *)NULL)->text)];	/* why a filter was refused */
};

static volatile sig_atomic_t told_to_end;

static void note_signal(int sig)
{
	told_to_end = sig;
}

/* Whatever ends the program, the terminal is given back first. */
static void catch_signals(void)
{
	struct sigaction act = { .sa_handler = note_signal };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	sigaction(SIGQUIT, &act, NULL);
}

/* Writes @text on line @y, as far as it fits, with bars as the terminal can draw them. */
static void put_line(const struct screen *screen, int y, struct text *text, attr_t attrs)
{
	size_t i, len = text->len;

	if (y >= LINES)
		return;
	if (len > (size_t)COLS)
		len = COLS;
	move(y, 0);
	attrset(attrs);
	for (i = 0; i < len; i++) {
		char c = text->buf[i];

		if (c == TOP_BAR_FULL)
			addstr(screen->tty.utf8 ? "\u2588" : "#");
		else if (c == TOP_BAR_EMPTY)
			addstr(screen->tty.utf8 ? "\u2591" : ".");
		else
			addch((unsigned char)c);
	}
	if (len < (size_t)COLS)
		clrtoeol();
	attrset(A_NORMAL);
	text->len = 0;
}

static attr_t colour_of(const struct screen *screen, unsigned int percent)
{
	int pair = percent >= 90 ? PAIR_CRITICAL : percent >= 80 ? PAIR_WARNING :
		   percent >= 50 ? PAIR_NOTICE : 0;

	if (!pair)
		return A_NORMAL;
	return screen->tty.colour ? COLOR_PAIR(pair) : A_BOLD;
}

static void draw_head(const struct screen *screen)
{
	const struct top *top = screen->top;
	struct text text = { 0 };
	unsigned int i;

	for (i = 0; i < TOP_HEAD_LINES; i++) {
		bool bad = !i && (health_is_bad(&top->info) || top->interrupted);

		top_head(top, i, &text);
		put_line(screen, i, &text, bad ? colour_of(screen, 100) : A_NORMAL);
	}
	top_columns(top, &text);
	text_column(&text, COLS);
	put_line(screen, TOP_HEAD_LINES, &text, A_REVERSE);
}

static unsigned int rows_on_screen(void)
{
	int rows = LINES - TOP_HEAD_LINES - 2;

	return rows > 0 ? rows : 0;
}

static void draw_rows(struct screen *screen)
{
	const struct top *top = screen->top;
	unsigned int i, n = rows_on_screen();
	struct text text = { 0 };

	if (screen->first + n > top->n_rows)
		screen->first = top->n_rows > n ? top->n_rows - n : 0;
	for (i = 0; i < n; i++) {
		unsigned int row = screen->first + i;

		if (row < top->n_rows)
			top_row(top, row, &text);
		else if (!i)
			text_str(&text, "nothing to show");
		put_line(screen, TOP_HEAD_LINES + 1 + i, &text,
			 row < top->n_rows ? colour_of(screen, top_percent(top, row)) : A_NORMAL);
	}
}

static void draw_help(const struct screen *screen)
{
	static const char *const lines[] = {
		"",
		"  1 2 3, Tab   destinations, owners, failures",
		"  s < >        sort by the next column, the one before, the one after",
		"  r            reverse the order",
		"  /            filter, in the words of ephstat list; empty: none",
		"  Up Down PgUp PgDn Home   move",
		"  Space        refresh now; Ctrl-L: draw anew",
		"  q, Ctrl-C    quit",
		"",
		"  Left: further connects that get a port, if nothing else changes.",
		"  Full: how much of the range is no longer to be had for it.",
		"  Held: how long those that ended lately had been held, on average.",
	};
	unsigned int i, n = rows_on_screen();
	struct text text = { 0 };

	for (i = 0; i < n; i++) {
		if (i < ARRAY_SIZE(lines))
			text_str(&text, lines[i]);
		put_line(screen, TOP_HEAD_LINES + 1 + i, &text, A_NORMAL);
	}
}

static void draw(struct screen *screen)
{
	struct text text = { 0 };

	draw_head(screen);
	if (screen->help)
		draw_help(screen);
	else
		draw_rows(screen);
	if (screen->typing) {
		text_char(&text, '/');
		text_str(&text, screen->typed);
	} else if (*screen->note) {
		text_escaped(&text, screen->note);
	} else {
		text_str(&text, screen->help ? "any key: back" :
			 "q quit  1 2 3 views  s < > sort  r reverse  / filter  ? help");
	}
	if (LINES > TOP_HEAD_LINES + 1)
		put_line(screen, LINES - 1, &text, screen->typing ? A_BOLD : A_DIM);
	curs_set(screen->typing);
	if (screen->typing)
		move(LINES - 1, 1 + (int)strlen(screen->typed));
	refresh();
}

static void end_typing(struct screen *screen)
{
	struct error err = { "" };

	screen->typing = false;
	if (top_set_filter(screen->top, screen->typed, &err))
		snprintf(screen->note, sizeof(screen->note), "%s", err.text);
}

/* Returns whether the module must be asked anew. */
static bool type(struct screen *screen, int key)
{
	size_t len = strlen(screen->typed);

	switch (key) {
	case '\n':
	case '\r':
	case KEY_ENTER:
		end_typing(screen);
		return true;
	case 27:
		screen->typing = false;
		break;
	case KEY_BACKSPACE:
	case '\b':
	case 127:
		if (len)
			screen->typed[len - 1] = '\0';
		break;
	default:
		if (key >= ' ' && key < 127 && len + 1 < sizeof(screen->typed)) {
			screen->typed[len] = (char)key;
			screen->typed[len + 1] = '\0';
		}
	}
	return false;
}

static void scroll_by(struct screen *screen, int by)
{
	int first = (int)screen->first + by;

	screen->first = first > 0 ? first : 0;	/* its end is where the rows end */
}

static bool show_view(struct screen *screen, unsigned int view)
{
	screen->top->view = view % TOP_VIEWS;
	screen->first = 0;
	return true;
}

/* Returns whether the module must be asked anew. */
static bool press(struct screen *screen, int key)
{
	struct top *top = screen->top;

	if (key == REDRAW) {
		clearok(curscr, TRUE);
		return false;
	}
	*screen->note = '\0';
	if (screen->typing)
		return type(screen, key);
	if (screen->help) {
		screen->help = key == KEY_RESIZE;
		return false;
	}
	switch (key) {
	case 'q':
	case 'Q':
		told_to_end = -1;
		break;
	case '1':
	case '2':
	case '3':
		return show_view(screen, key - '1');
	case '\t':
		return show_view(screen, top->view + 1);
	case 's':
	case '>':
		top_move_sort(top, 1);
		break;
	case '<':
		top_move_sort(top, -1);
		break;
	case 'r':
		top->sort[top->view].reversed = !top->sort[top->view].reversed;
		top_sort(top);
		break;
	case '/':
		screen->typing = true;
		snprintf(screen->typed, sizeof(screen->typed), "%s", top->words);
		break;
	case '?':
	case 'h':
		screen->help = true;
		break;
	case ' ':
		return true;
	case KEY_UP:
		scroll_by(screen, -1);
		break;
	case KEY_DOWN:
		scroll_by(screen, 1);
		break;
	case KEY_PPAGE:
		scroll_by(screen, -(int)rows_on_screen());
		break;
	case KEY_NPAGE:
		scroll_by(screen, (int)rows_on_screen());
		break;
	case KEY_HOME:
		screen->first = 0;
		break;
	}
	return false;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Draws and takes keys until the module is due to be asked, or the end has come. */
static void look(struct screen *screen, double until)
{
	while (!told_to_end) {
		double left = until - now();
		int key;

		draw(screen);
		if (left <= 0)
			return;
		timeout((int)(left * 1000) + 1);
		key = getch();
		if (key == ERR) {
			struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

			/* The terminal has gone: nobody will ever press q. */
			if (poll(&input, 1, 0) > 0 &&
			    input.revents & (POLLHUP | POLLERR | POLLNVAL))
				told_to_end = SIGHUP;
			continue;
		}
		if (press(screen, key))
			return;
	}
}

static bool start(struct screen *screen)
{
	tty_look(&screen->tty, screen->top->es->out);
	if (!newterm(NULL, screen->top->es->out, stdin))
		return false;
	/* One that is dumb cannot go back to a line above. */
	if (!tigetstr("cup")) {
		endwin();
		return false;
	}
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	screen->tty.colour = screen->tty.colour && has_colors();
	if (screen->tty.colour) {
		start_color();
		use_default_colors();
		init_pair(PAIR_CRITICAL, COLOR_RED, -1);
		init_pair(PAIR_WARNING, COLOR_YELLOW, -1);
		init_pair(PAIR_NOTICE, COLOR_CYAN, -1);
	}
	return true;
}

int top_screen(struct top *top, double seconds, struct error *err)
{
	struct screen screen = { .top = top };
	const char *name = getenv("TERM");
	int ret = top_refresh(top);

	if (ret)
		return ret;
	if (!isatty(STDIN_FILENO))
		return error_set(err, EXIT_USAGE, "top reads its keys from a terminal, and the "
				 "input is none; to write to a file or a pipe: ephstat top -b");
	if (!start(&screen))
		return error_set(err, EXIT_RUNTIME, "this terminal (TERM=%s) cannot show a full "
				 "screen; use: ephstat top -b", name && *name ? name : "");
	catch_signals();
	while (!ret && !told_to_end) {
		look(&screen, now() + seconds);
		if (!told_to_end)
			ret = top_refresh(top);
	}
	endwin();
	if (told_to_end > 0) {
		signal(told_to_end, SIG_DFL);
		raise(told_to_end);
	}
	return ret;
}
