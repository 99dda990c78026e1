# Programs of external-side and the libraries each one's trust needs.
PROGRAMS += limpid-intaked
limpid-intaked_MAIN = external-side/intaked.c
limpid-intaked_LIBS = confuse crypto seccomp
