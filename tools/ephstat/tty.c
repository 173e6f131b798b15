// SPDX-License-Identifier: GPL-2.0
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tty.h"

void tty_look(struct tty *tty, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR"), *name = getenv("TERM");
	int fd = fileno(out);
	struct winsize size;

	*tty = (struct tty){ .columns = 80 };
	setlocale(LC_CTYPE, "");
	tty->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (fd < 0 || !isatty(fd))
		return;
	tty->lines = 24;
	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col && size.ws_row) {
		tty->columns = size.ws_col;
		tty->lines = size.ws_row;
	}
	tty->colour = name && *name && strcmp(name, "dumb") != 0 && !(no_colour && *no_colour);
}
