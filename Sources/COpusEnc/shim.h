// What Archive takes from libopusenc: an encoder that writes Ogg Opus through a callback, a page at a time.
#pragma once
#include <opusenc.h>

// ope_encoder_ctl takes a variable number of arguments, which Swift does not call.

/// How far ahead the encoder may look for a better coding decision, in samples at 48 kHz. 0 looks nowhere.
static inline int vv_opus_set_decision_delay(OggOpusEnc *encoder, opus_int32 samples) {
    return ope_encoder_ctl(encoder, OPE_SET_DECISION_DELAY(samples));
}

/// After how many samples at 48 kHz a page is written at the latest. 0 means that a page is filled first.
static inline int vv_opus_set_muxing_delay(OggOpusEnc *encoder, opus_int32 samples) {
    return ope_encoder_ctl(encoder, OPE_SET_MUXING_DELAY(samples));
}

/// How hard the encoder looks for the best coding of a frame, 0 to 10; above the middle it costs more than it gives.
static inline int vv_opus_set_complexity(OggOpusEnc *encoder, opus_int32 complexity) {
    return ope_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(complexity));
}

static inline int vv_opus_set_bitrate(OggOpusEnc *encoder, opus_int32 bits_per_second) {
    return ope_encoder_ctl(encoder, OPUS_SET_BITRATE(bits_per_second));
}
