# Programs of viewer and the libraries each one's trust needs.
viewer_LIBS = argon2 jansson microhttpd sqlite3

PROGRAMS += limpid-viewerd limpid-user
limpid-viewerd_MAIN = viewer/viewerd.c
limpid-viewerd_LIBS = argon2 confuse crypto microhttpd seccomp sqlite3
limpid-user_MAIN = viewer/user.c
limpid-user_LIBS = argon2 confuse jansson seccomp sqlite3

# The style sheet becomes part of the program, as one C string.
viewer_GENERATED = $(O)/viewer/style_data.c
$(O)/viewer/style_data.c: viewer/style.css
	@mkdir -p $(@D)
	$(Q){ echo '#include "style.h"'; echo 'const char style_css[] ='; \
	    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $<; \
	    echo ';'; } > $@
