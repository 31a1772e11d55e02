/* dump.c - has a process write down what of it was run also where it leaves without exit(3): by
 * _exit(2), as the children of mode fork do, by abort(3), as a broken invariant does, and by a
 * signal that it raises itself. Linked into the programs that ci/coverage builds, with --wrap for
 * each of the three. */

void __gcov_dump(void);
void __gcov_reset(void);

_Noreturn void __real__exit(int status);
_Noreturn void __real_abort(void);
int __real_raise(int number);
_Noreturn void __wrap__exit(int status);
_Noreturn void __wrap_abort(void);
int __wrap_raise(int number);

void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

void __wrap_abort(void)
{
    __gcov_dump();
    __real_abort();
}

int __wrap_raise(int number)
{
    __gcov_dump();
    __gcov_reset(); /* it may live on, and then writes what comes later */
    return __real_raise(number);
}
