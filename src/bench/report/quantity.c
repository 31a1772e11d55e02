/* quantity.c - see quantity.h. */
#include "bench/report/quantity.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct scale {
    double factor;
    const char *unit;
};

/* Digits behind the point, such that at least two are left of small values; 9.96 is "10". */
static int places(double value)
{
    value = fabs(value);
    if (value >= 9.95)
        return 0;
    if (value >= 0.995)
        return 1;
    return value >= 0.0995 ? 2 : 3;
}

/* The largest scale in which the value, once rounded, is at least 1; count of them, rising. */
static const char *format(struct quantity *quantity, double value, const struct scale *scales,
                          size_t count)
{
    size_t i = 0;
    while (i + 1 < count && fabs(value) >= 0.9995 * scales[i + 1].factor)
        i++;
    double scaled = value / scales[i].factor;
    snprintf(quantity->text, sizeof quantity->text, "%.*f%s", places(scaled), scaled,
             scales[i].unit);
    return quantity->text;
}

/* Three digits of what is below ten of its unit: throughputs that stand side by side often differ
 * only there. */
const char *quantity_count(struct quantity *quantity, double value)
{
    static const struct scale scales[] = {{1, ""}, {1e3, "k"}, {1e6, "M"}, {1e9, "G"}};
    size_t i = 0;
    while (i < 3 && fabs(value) >= 0.9995 * scales[i + 1].factor)
        i++;
    double scaled = value / scales[i].factor;
    int digits = fabs(scaled) >= 9.995 || i == 0 ? 0 : 2;
    snprintf(quantity->text, sizeof quantity->text, "%.*f%s", digits, scaled, scales[i].unit);
    return quantity->text;
}

const char *quantity_megabytes_rate(struct quantity *quantity, double megabytes_per_second)
{
    bool is_large = megabytes_per_second >= 999.5;
    double value = is_large ? megabytes_per_second / 1000 : megabytes_per_second;
    int digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    snprintf(quantity->text, sizeof quantity->text, "%.*f %s", digits, value,
             is_large ? "GB/s" : "MB/s");
    return quantity->text;
}

const char *quantity_time(struct quantity *quantity, double us)
{
    static const struct scale scales[] = {{1, " us"}, {1e3, " ms"}, {1e6, " s"}};
    return format(quantity, us, scales, 3);
}

const char *quantity_bytes(struct quantity *quantity, double bytes)
{
    static const struct scale scales[] = {{1024, " KiB"}, {1048576, " MiB"}, {1073741824, " GiB"}};
    if (fabs(bytes) >= 1023.5)
        return format(quantity, bytes, scales, 3);
    snprintf(quantity->text, sizeof quantity->text, "%.0f bytes", bytes);
    return quantity->text;
}

const char *quantity_whole(struct quantity *quantity, double value)
{
    char digits[24];
    size_t used = 0;
    size_t length = (size_t)snprintf(digits, sizeof digits, "%.0f", value);
    if (length >= sizeof digits)
        length = sizeof digits - 1; /* more than there are of anything */
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            quantity->text[used++] = ',';
        quantity->text[used++] = digits[i];
    }
    quantity->text[used] = '\0';
    return quantity->text;
}

const char *quantity_size(struct quantity *quantity, double bytes)
{
    static const struct scale scales[] = {{1024, "KiB"}, {1048576, "MiB"}, {1073741824, "GiB"}};
    double value = bytes;
    const char *unit = bytes >= 0.5 && bytes < 1.5 ? "byte" : "bytes";
    for (size_t i = 0; i < 3 && bytes >= scales[i].factor; i++)
        if (!(fmod(bytes, scales[i].factor) > 0)) {
            value = bytes / scales[i].factor;
            unit = scales[i].unit;
        }
    snprintf(quantity->text, sizeof quantity->text, "%.0f %s", value, unit);
    return quantity->text;
}

const char *quantity_ratio(struct quantity *quantity, double ratio)
{
    /* Near 1 a hundredth is what one wants to know. */
    int digits = fabs(ratio) < 1.995 && fabs(ratio) >= 0.995 ? 2 : places(ratio);
    snprintf(quantity->text, sizeof quantity->text, "%.*f", digits, ratio);
    return quantity->text;
}

const char *quantity_ratio_interval(struct quantity *quantity, const struct estimate *estimate)
{
    struct quantity low;
    struct quantity high;
    quantity_ratio(&low, estimate->low);
    quantity_ratio(&high, estimate->high);
    double reach = fmax(estimate->high - estimate->median, estimate->median - estimate->low);
    if (!(estimate->coverage > 0))
        snprintf(quantity->text, sizeof quantity->text, "one round");
    else if (strcmp(low.text, high.text) == 0)
        snprintf(quantity->text, sizeof quantity->text, "within %.0f %%",
                 fmax(1, ceil(fabs(reach / estimate->median) * 100)));
    else
        snprintf(quantity->text, sizeof quantity->text, "%.20s to %.20s", low.text, high.text);
    return quantity->text;
}

const char *quantity_time_exact(struct quantity *quantity, double us)
{
    static const struct scale scales[] = {{1, "us"}, {1e3, "ms"}, {1e6, "s"}};
    size_t i = 0;
    while (i < 2 && fabs(us) >= 0.9995 * scales[i + 1].factor)
        i++;
    double scaled = us / scales[i].factor;
    int digits = fabs(scaled) >= 99.95 ? 0 : fabs(scaled) >= 9.995 ? 1 : 2;
    snprintf(quantity->text, sizeof quantity->text, "%.*f %s", digits, scaled, scales[i].unit);
    return quantity->text;
}
