/* faults.c - see faults.h. Without the environment variable no call ever fails. */
#include "faults.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static struct control *control;

/* Before main(), so that nothing of the program's is missed. */
__attribute__((constructor)) static void map_control(void)
{
    const char *path = getenv(CONTROL_VARIABLE);
    if (!path)
        return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *mapped = fd < 0 ? MAP_FAILED
                          : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        abort(); /* a run that counts nothing would look like one without a violation */
    control = mapped;
    close(fd);
}

static const struct variant *find_enosys(enum call call)
{
    const struct variant *variant = call_kinds[call].variants;
    while (variant->error != ENOSYS)
        variant++;
    return variant;
}

const struct variant *fault_of(enum call call)
{
    if (control && control->lacks == (int)call + 1)
        return find_enosys(call);
    if (!control || !atomic_load(&control->armed))
        return NULL;
    unsigned nth = atomic_fetch_add(&control->made[call], 1) + 1;
    if ((int)call != control->call || nth < control->nth || (nth > control->nth && !control->stays))
        return NULL;
    atomic_fetch_add(&control->struck, 1);
    if (control->plant == PLANT_ABORT)
        abort();
    if (control->plant == PLANT_STATUS)
        _exit(0);
    return &call_kinds[call].variants[control->variant];
}

bool fault_strikes(enum call call)
{
    const struct variant *variant = fault_of(call);
    if (variant)
        errno = variant->error;
    return variant != NULL;
}

int fault_code(enum call call)
{
    const struct variant *variant = fault_of(call);
    return variant ? variant->error : 0;
}

size_t fault_size(const struct variant *variant, size_t size)
{
    if (!variant || size < 2)
        return size;
    return variant->way == WAY_ONE_BYTE ? 1 : variant->way == WAY_HALF ? size / 2 : size;
}

bool fault_planted(enum plant plant)
{
    return control && control->plant == (int)plant && atomic_load(&control->struck) > 0;
}

bool fault_stays(void)
{
    return control && control->stays;
}

void fault_note_turn(void)
{
    if (control)
        atomic_fetch_add(&control->turns, 1);
}

void fault_note_listener(int fd)
{
    struct sockaddr_in6 address = {0};
    socklen_t length = sizeof address;
    if (!control || getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        return;
    unsigned index = atomic_fetch_add(&control->listeners, 1);
    if (index >= LISTENERS_MAX)
        return;
    control->listener[index].family = address.sin6_family;
    /* The port lies at the same place in both families. */
    control->listener[index].port = address.sin6_family == AF_UNIX ? 0 : ntohs(address.sin6_port);
}
