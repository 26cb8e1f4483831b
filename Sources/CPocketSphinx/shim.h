#pragma once
#include <pocketsphinx.h>
#include <sphinxbase/err.h>

/// Ends the library's chatter for the whole process. Its other way, a log file per decoder, shares one global FILE
/// between threads, and crashes when two decoders are made at the same time.
static inline void vv_sphinx_silence(void)
{
    err_set_callback(NULL, NULL);
    err_set_logfp(NULL);
}
