/* pseudo_terminal - see pseudo_terminal.h. */
#include "pseudo_terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>

#include "suite.h"

int pseudo_terminal_open(int *terminal)
{
    struct termios settings;
    int keyboard = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(keyboard >= 0);
    assert_int_equal(grantpt(keyboard), 0);
    assert_int_equal(unlockpt(keyboard), 0);
    *terminal = open(ptsname(keyboard), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(*terminal >= 0);
    assert_int_equal(tcgetattr(*terminal, &settings), 0);
    settings.c_lflag &= ~(tcflag_t)ECHO;
    assert_int_equal(tcsetattr(*terminal, TCSANOW, &settings), 0);
    return keyboard;
}
