/* Between dialogue.c (states, mail text) and dialogue_cmd.c (commands). */
#ifndef LIMPID_DIALOGUE_PRIVATE_H
#define LIMPID_DIALOGUE_PRIVATE_H

#include "dialogue.h"
#include "dots.h"
#include "wire.h"

enum stage {
	STAGE_NEW,		/* HELO is still to come */
	STAGE_READY,
	STAGE_MAIL,		/* a sender */
	STAGE_RCPT,		/* and a recipient */
	STAGE_DATA,		/* text up to the final dot */
	STAGE_CHUNK,		/* chunk_left raw bytes of a BDAT */
	STAGE_BETWEEN,		/* after a chunk that was not the last */
	STAGE_WAITING,		/* the mail is being made durable */
	STAGE_ENDED
};

struct dialogue {
	struct dialogue_limits		 limits;
	const struct dialogue_handlers	*handlers;
	void				*arg;
	enum stage			 stage;
	int				 extended;	/* EHLO or LHLO */
	char				*line;		/* being read */
	size_t				 line_len;
	int				 line_long, line_cr;
	struct wire			*out;
	size_t				 out_at;	/* drained so far */
	struct envelope			 env;
	size_t				 rcpt_bytes;
	struct dots			 dots;
	uint64_t			 size;		/* of the text so far */
	uint64_t			 chunk_left;
	int				 chunk_last;
	int				 chunk_bad;	/* reply sent */
	int				 failure;	/* of the text */
	size_t				 mails, mistakes;
};

/* Runs one command line, without its line end. */
void dialogue_command(struct dialogue *d, char *line, size_t len);
/* One reply line. */
void dialogue_reply(struct dialogue *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A reply to a wrong command; too many of them end the dialogue. */
void dialogue_mistake(struct dialogue *d, const char *line);
/* Forgets sender, recipients and text. */
void dialogue_reset(struct dialogue *d);
/* The text is whole: answer its failure or hand it over. */
void dialogue_complete(struct dialogue *d);
/* Ends it for lack of memory. */
void dialogue_no_memory(struct dialogue *d);

#endif
