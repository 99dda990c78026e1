# Programs of sanitizer and the libraries each one's trust needs.

# Page loops: vectorised.
sanitizer_LIBS += mupdf zstd
$(O)/sanitizer/worker/pixels.o $(O)/sanitizer/worker/codes_sight.o: EXTRA_CFLAGS += -O3

# Documents, images, and what a part really is.
PROGRAMS += limpid-worker-pdf
limpid-worker-pdf_MAIN = sanitizer/document/worker_pdf.c
limpid-worker-pdf_LIBS = mupdf zbar zstd unistring idn2 seccomp
# The second engine for PDFs. What it opens by name is in memory (shelf.h).
sanitizer_LIBS += poppler
PROGRAMS += limpid-worker-poppler
limpid-worker-poppler_MAIN = sanitizer/document/worker_poppler.c
limpid-worker-poppler_LIBS = poppler m zbar zstd unistring idn2 seccomp
$(O)/bin/limpid-worker-poppler: LINK += -Wl,--defsym=fopen=shelf_fopen \
    -Wl,--defsym=FT_New_Face=shelf_new_face
PROGRAMS += limpid-worker-image
limpid-worker-image_MAIN = sanitizer/image/worker_image.c
limpid-worker-image_LIBS = mupdf tiff webp zbar zstd unistring idn2 seccomp
sanitizer_LIBS += tiff webp
PROGRAMS += limpid-worker-heif
limpid-worker-heif_MAIN = sanitizer/image/worker_heif.c
limpid-worker-heif_LIBS = heif m zbar zstd unistring idn2 seccomp
sanitizer_LIBS += heif
PROGRAMS += limpid-worker-identify
limpid-worker-identify_MAIN = sanitizer/identify/worker_identify.c
limpid-worker-identify_LIBS = unistring idn2 seccomp

# Worker programs note failed allocations (worker_memory.c), so that a part that
# needs too much memory is told apart from one that crashes its worker.
ifneq ($(SAN),1)
WORKER_LINK = $(foreach f,malloc calloc realloc memalign aligned_alloc \
              posix_memalign,-Wl,--defsym=$(f)=worker_$(f))
endif
$(O)/bin/limpid-worker-%: LINK += $(WORKER_LINK)

PROGRAMS += limpid-doctor
limpid-doctor_MAIN = sanitizer/router/doctor.c
limpid-doctor_LIBS = confuse jansson seccomp

PROGRAMS += limpid-clean
limpid-clean_MAIN = sanitizer/router/clean.c
limpid-clean_LIBS = crypto seccomp unistring
limpid-clean_POLICY = 1

# Mails and words.
sanitizer_LIBS += gmime xml2
PROGRAMS += limpid-worker-mime
limpid-worker-mime_MAIN = sanitizer/mail/worker_mime.c
limpid-worker-mime_LIBS = gmime z unistring seccomp

PROGRAMS += limpid-sanitizerd
limpid-sanitizerd_MAIN = sanitizer/router/sanitizerd.c
limpid-sanitizerd_LIBS = confuse crypto seccomp unistring
limpid-sanitizerd_POLICY = 1
PROGRAMS += limpid-worker-html
limpid-worker-html_MAIN = sanitizer/text/worker_html.c
limpid-worker-html_LIBS = xml2 unistring idn2 seccomp
PROGRAMS += limpid-worker-text
limpid-worker-text_MAIN = sanitizer/text/worker_text.c
limpid-worker-text_LIBS = unistring idn2 seccomp

# Archives.
sanitizer_LIBS += archive
PROGRAMS += limpid-worker-archive
limpid-worker-archive_MAIN = sanitizer/archive/worker_archive.c
limpid-worker-archive_LIBS = archive unistring idn2 seccomp

# Office documents. LibreOffice itself is loaded by name, where it is installed.
PROGRAMS += limpid-worker-office
limpid-worker-office_MAIN = sanitizer/office/worker_office.c
limpid-worker-office_LIBS = archive xml2 unistring idn2 seccomp

# Mails of Outlook, and cards.
sanitizer_LIBS += gsf ytnef ical
PROGRAMS += limpid-worker-msg
limpid-worker-msg_MAIN = sanitizer/mail/worker_msg.c
limpid-worker-msg_LIBS = gsf ytnef z unistring idn2 seccomp
PROGRAMS += limpid-worker-card
limpid-worker-card_MAIN = sanitizer/mail/worker_card.c
limpid-worker-card_LIBS = ical unistring idn2 seccomp

# Signatures of S/MIME.
sanitizer_LIBS += crypto
PROGRAMS += limpid-worker-smime
limpid-worker-smime_MAIN = sanitizer/mail/worker_smime.c
limpid-worker-smime_LIBS = crypto unistring idn2 seccomp

# Words of pictures.
sanitizer_LIBS += tesseract
PROGRAMS += limpid-worker-ocr
limpid-worker-ocr_MAIN = sanitizer/image/worker_ocr.c
limpid-worker-ocr_LIBS = tesseract zstd unistring idn2 seccomp

# The virus scanner.
sanitizer_LIBS += clamav
PROGRAMS += limpid-worker-scan
limpid-worker-scan_MAIN = sanitizer/scan/worker_scan.c
limpid-worker-scan_LIBS = clamav unistring seccomp
