/* account - see account.h. */
#include "account.h"

void account_add(struct kind_account *sum, const struct kind_account *kind)
{
    sum->begun += kind->begun;
    sum->completed += kind->completed;
    sum->refused += kind->refused;
    sum->left += kind->left;
    sum->unclear += kind->unclear;
    sum->excused += kind->excused;
    sum->faulty += kind->faulty;
}

struct kind_account account_sum(const struct account *account)
{
    struct kind_account sum = {0};
    for (int i = 0; i < KINDS; i++)
        account_add(&sum, &account->kind[i]);
    return sum;
}
