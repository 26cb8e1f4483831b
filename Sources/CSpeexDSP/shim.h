// What AudioFrontEnd takes from speexdsp: its resampler.
#pragma once
#include <speex/speex_resampler.h>
