// What AudioFrontEnd takes from webrtc-audio-processing 0.3: high pass, noise suppression, gain control and the voice
// detector. All of it works on 10 ms of 16 kHz mono, 160 samples; every function that can fail returns 0 for success.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vv_voice_stages {
    bool high_pass;
    bool noise_suppression;
    bool gain_control;
};

typedef struct vv_voice_processor vv_voice_processor;

/// - Returns: NULL if there is no memory or the library refuses a setting; then *error holds its code.
vv_voice_processor *vv_voice_processor_create(struct vv_voice_stages stages, int *error);
void vv_voice_processor_free(vv_voice_processor *processor);
/// Changes 160 samples in place. - Returns: the library's code, 0 for success.
int vv_voice_processor_process(vv_voice_processor *processor, int16_t *frame);

typedef struct vv_voice_detector vv_voice_detector;

/// - Parameter mode: 0, which calls most things a voice, to 3.
vv_voice_detector *vv_voice_detector_create(int mode);
void vv_voice_detector_free(vv_voice_detector *detector);
/// - Parameter count: 160, 320 or 480 samples.
/// - Returns: 1 for a voice, 0 for none, −1 for a frame of another length.
int vv_voice_detector_process(vv_voice_detector *detector, const int16_t *frame, int count);

#ifdef __cplusplus
}
#endif
