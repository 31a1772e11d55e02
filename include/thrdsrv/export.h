/* thrdsrv/export.h - marks what the libraries offer; everything else in them is hidden. */
#ifndef THRDSRV_EXPORT_H
#define THRDSRV_EXPORT_H

#if defined(__GNUC__)
#define THRDSRV_API __attribute__((visibility("default")))
#else
#define THRDSRV_API
#endif

#endif
