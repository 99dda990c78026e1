/*
 * HEIC and AVIF by libheif, without a second thread.
 */
#ifndef LIMPID_IMAGE_HEIF_H
#define LIMPID_IMAGE_HEIF_H

/* In the warm parent of worker-heif. ERR_OK, or ERR_SYS when libheif does not start
 * or lacks the decoder that it is held to one thread by. */
int image_heif_warm(void);

#endif
