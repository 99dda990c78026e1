/*
 * OpenPGP inside of a text (RFC 9580, 6 and 7): its armour is for programs. The
 * words stay; nothing is verified or opened.
 */
#ifndef LIMPID_ARMOUR_H
#define LIMPID_ARMOUR_H

struct armour {
	unsigned	 clear;		/* signed texts, whose words stay */
	unsigned	 locked;	/* messages, a line in the place of each */
};

/* Takes the armour out of a text in place, which only gets shorter. What has no end
 * stays as it is. */
void armour_strip(char *text, struct armour *a);

#endif
