/*
 * The socket of transport udp. systemd keeps it (FileDescriptorStoreMax in the unit)
 * while the receiver is started again, so that what comes meanwhile waits in the
 * kernel's queue: nobody would send it a second time for the asking.
 */
#ifndef LIMPID_RECV_SOCKET_H
#define LIMPID_RECV_SOCKET_H

/*
 * Takes the socket that was kept, when it is of this address, else makes one and gives
 * a copy into keeping. The caller closes it. On failure *why (caller frees) is a
 * sentence.
 */
int recv_socket_open(int link, const char *address, int *fdp, char **why);

#endif
