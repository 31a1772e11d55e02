/* raw_terminal.c - see raw_terminal.h. */
#include "cli/raw_terminal.h"

#include <signal.h>
#include <stddef.h>
#include <termios.h>

static const int ending_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};

static int terminal;
static struct termios before;

/* All signals are blocked here, SIGTTOU among them, which would stop a background process that sets
 * the terminal. The signal is back at its default (SA_RESETHAND), and ends us when it is unblocked.
 */
static void restore_and_end(int number)
{
    tcsetattr(terminal, TCSANOW, &before);
    raise(number);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_flags = (int)SA_RESETHAND};
    struct sigaction old;
    action.sa_handler = restore_and_end;
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof ending_signals / sizeof ending_signals[0]; i++)
        if (sigaction(ending_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(ending_signals[i], &action, NULL);
}

int raw_terminal_enter(int fd)
{
    if (tcgetattr(fd, &before) < 0)
        return -1;
    struct termios raw = before;
    cfmakeraw(&raw);
    terminal = fd;
    catch_signals();
    return tcsetattr(fd, TCSANOW, &raw);
}

void raw_terminal_leave(void)
{
    sigset_t all, mask;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &mask);
    tcsetattr(terminal, TCSANOW, &before);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}
