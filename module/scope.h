/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose ports an answer is about. */
#ifndef EPHPORTS_SCOPE_H
#define EPHPORTS_SCOPE_H

/*
 * What users do in namespaces of their own is of no concern to those who ask about the host's. A
 * scope has all that the ones before it have.
 */
enum ephports_scope {
	EPHPORTS_HOSTS,		/* namespaces of the initial user namespace */
	EPHPORTS_ALL,		/* those that users made, too */
	EPHPORTS_SCOPES
};

#endif /* EPHPORTS_SCOPE_H */
